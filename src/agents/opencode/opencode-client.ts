// The client of `opencode serve`: JSON over HTTP, and its event stream. Measured with 1.18.33.
//
// OpenCode's own SDK is not used. It would add 155 kB of generated code for nine requests. Its types check nothing of what a server of
// another release sends. Its event stream connects again, but does not tell that events were lost meanwhile.
import { createParser } from "eventsource-parser";
import { directFetch } from "../../direct-fetch.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";

export interface OpencodePlace {
  /** Without a slash at its end. */
  readonly url: string;
  readonly password: string;
  /** The folder in which the agent works. */
  readonly directory: string;
}

export interface OpencodeClient {
  /** Resolves with the answer's JSON; undefined if it has none. @throws OpencodeRefusal, CliaiError `failed`, `no_answer` */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  /**
   * Calls `onEvent` with each event, in order. Resolves when the server ends the stream or the signal aborts.
   * @param onOpen called when the server has answered: what happens from now on comes as an event
   * @throws CliaiError `failed`, or what the socket throws
   */
  listen(onEvent: (event: unknown) => void, onOpen: () => void, signal: AbortSignal): Promise<void>;
}

/** OpenCode has answered a request with an error. */
export class OpencodeRefusal extends CliaiError {
  /** The HTTP status. */
  readonly status: number;
  constructor(method: string, path: string, status: number, words: string) {
    super("failed", requestWords(method, path, `${status} ${words}`));
    this.status = status;
  }
}

/** The user's name that OpenCode expects, unless its environment names another one. */
export const serverUser = "opencode";
const answerWithinMs = 30_000;
const longestWords = 300;

export function createOpencodeClient({ url, password, directory }: OpencodePlace): OpencodeClient {
  const headers = {
    authorization: `Basic ${Buffer.from(`${serverUser}:${password}`).toString("base64")}`,
    // A header holds ASCII only; the server decodes it.
    "x-opencode-directory": encodeURIComponent(directory),
  };
  return {
    async call(method, path, body) {
      const signal = AbortSignal.timeout(answerWithinMs);
      const json = { ...headers, "content-type": "application/json" };
      const request = body === undefined ? { headers } : { headers: json, body: JSON.stringify(body) };
      const response = await directFetch(url + path, { method, signal, ...request }).catch(
        (cause: unknown) => {
          if (!signal.aborted) throw failure(method, path, messageOf(cause), cause);
          throw new CliaiError("no_answer", `opencode has not answered ${method} ${path} in time`, { cause });
        },
      );
      const text = await response.text();
      if (!response.ok) throw new OpencodeRefusal(method, path, response.status, wordsOf(text));
      // OpenCode answers a path that it does not know with its web page.
      if (response.status !== 204 && !isJson(response))
        throw failure(method, path, "this release does not have it");
      return parseJsonLine(text);
    },
    async listen(onEvent, onOpen, signal) {
      const response = await directFetch(`${url}/event`, { headers, signal });
      if (!response.ok || response.body === null) throw failure("GET", "/event", String(response.status));
      onOpen();
      const decoder = new TextDecoder();
      const parser = createParser({
        onEvent({ data }) {
          const event = parseJsonLine(data);
          if (event !== undefined) onEvent(event);
        },
      });
      for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
    },
  };
}

function failure(method: string, path: string, why: string, cause?: unknown): CliaiError {
  return new CliaiError("failed", requestWords(method, path, why), cause === undefined ? {} : { cause });
}

function requestWords(method: string, path: string, why: string): string {
  return `opencode: ${method} ${path}: ${why}`;
}

function isJson(response: Response): boolean {
  return response.headers.get("content-type")?.includes("json") === true;
}

/** The message in the body of an error, or its beginning. */
function wordsOf(text: string): string {
  const body = parseJsonLine(text) as { data?: { message?: unknown }; message?: unknown } | undefined;
  const message = body?.data?.message ?? body?.message;
  return (typeof message === "string" ? message : text).slice(0, longestWords);
}
