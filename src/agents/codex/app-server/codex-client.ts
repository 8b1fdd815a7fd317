// This room speaks with `codex app-server`: its protocol, its socket, its thread.
//
// The client of `codex app-server`: JSON-RPC without the member `jsonrpc`. It knows no transport: its caller gives it each message that
// arrives (`take`), and a function that sends (`send`). Measured with 0.171.0.
import * as v from "valibot";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { parseJsonLine } from "../../../domain/wire/decode.ts";
import type { Logger } from "../../../log.ts";
import { pause } from "../../../waiting.ts";

export type RequestId = string | number;

export interface CodexClient {
  /**
   * Resolves with the result. Default deadline 30 s.
   * @throws CliaiError `failed` with Codex's own words, `no_answer`
   */
  call(method: string, params: object, withinMs?: number): Promise<unknown>;
  notify(method: string): void;
  /** Answers a request of Codex. */
  answer(id: RequestId, result: object): void;
  /** Answers a request of Codex with an error, because cliai does not do what it asks for. */
  refuse(id: RequestId, words: string): void;
  /** Takes a message that has arrived. */
  take(text: string): void;
  /** The connection has ended: every call that waits is rejected. */
  end(): void;
}

export interface CodexClientOptions {
  readonly send: (text: string) => void;
  readonly onNotification: (method: string, params: unknown) => void;
  readonly onRequest: (id: RequestId, method: string, params: unknown) => void;
  readonly log: Logger;
}

const answerWithinMs = 30_000;
/** JSON-RPC 2.0, 5.1: the method does not exist. */
const unknownMethod = -32_601;

const MessageSchema = v.looseObject({
  id: v.optional(v.union([v.string(), v.number()])),
  method: v.optional(v.string()),
  params: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  error: v.optional(v.looseObject({ message: v.optional(v.string(), "an error") })),
});

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: CliaiError) => void;
}

export function createCodexClient(options: CodexClientOptions): CodexClient {
  const { send, onNotification, onRequest, log } = options;
  const waiting = new Map<RequestId, Waiting>();
  let last = 0;
  let isEnded = false;
  const write = (message: object) => send(JSON.stringify(message));
  const hear = (tell: () => void) => {
    try {
      tell();
    } catch (error) {
      log.warn(`a message of codex: ${messageOf(error)}`);
    }
  };
  return {
    async call(method, params, withinMs = answerWithinMs) {
      if (isEnded) throw new CliaiError("failed", `codex: ${method}: its app-server has ended`);
      last += 1;
      const id = last;
      const { promise, ...settle } = Promise.withResolvers<unknown>();
      waiting.set(id, {
        resolve: settle.resolve,
        reject: ({ message }) => settle.reject(new CliaiError("failed", `codex: ${method}: ${message}`)),
      });
      write({ id, method, params });
      const isOver = new AbortController();
      const late = pause(withinMs, isOver.signal).then(() => {
        if (isOver.signal.aborted) return undefined;
        throw new CliaiError("no_answer", `codex has not answered ${method} within ${withinMs / 1_000} s`);
      });
      try {
        return await Promise.race([promise, late]);
      } finally {
        isOver.abort();
        waiting.delete(id);
      }
    },
    notify: (method) => write({ method }),
    answer: (id, result) => write({ id, result }),
    refuse: (id, message) => write({ id, error: { code: unknownMethod, message } }),
    take(text) {
      const read = v.safeParse(MessageSchema, parseJsonLine(text));
      if (!read.success) return;
      const { id, method, params, result, error } = read.output;
      if (method !== undefined) {
        hear(() => (id === undefined ? onNotification(method, params) : onRequest(id, method, params)));
      } else if (id !== undefined) {
        if (error === undefined) waiting.get(id)?.resolve(result);
        else waiting.get(id)?.reject(new CliaiError("failed", error.message));
      }
    },
    end() {
      isEnded = true;
      for (const { reject } of waiting.values()) reject(new CliaiError("failed", "its app-server has ended"));
    },
  };
}
