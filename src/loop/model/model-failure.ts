// What can go wrong between the loop and a model server: what is worth waiting for, what needs a shorter conversation, and what a person
// has to mend. The last is a CliaiError with its remedy.
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";

/** The server cannot be asked now, but perhaps soon. `away`: nothing answers. `busy`: it loads its model, or has too many requests. */
export class NotNow extends Error {
  override readonly name = "NotNow";
  readonly state: "away" | "busy";

  constructor(state: "away" | "busy", why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.state = state;
  }
}

/** The conversation has more tokens than the server takes. Figures that the server did not tell are undefined. */
export class TooLong extends Error {
  override readonly name = "TooLong";
  readonly tokens: number | undefined;
  readonly limit: number | undefined;

  constructor(words: string, { tokens, limit }: { tokens?: number | undefined; limit?: number | undefined }) {
    super(words);
    this.tokens = tokens;
    this.limit = limit;
  }
}

/** The server refuses tools for this model. */
export class NoTools extends Error {
  override readonly name = "NoTools";
}

/** The server could not read what its model wrote: the same request may work another time. */
export class UnreadAnswer extends Error {
  override readonly name = "UnreadAnswer";
}

const longestWords = 300;

/** The error for a status that is not 2xx. The words were seen with llama.cpp b11549 and Ollama 0.17.4; those of vLLM are from its source. */
export function failureOf(status: number, body: string, url: string): Error {
  const { words, needed, size } = readError(body);
  if (status === 503 || status === 429) return new NotNow("busy", `${status} ${words}`);
  if (needed !== undefined) return new TooLong(words, { tokens: needed, limit: size });
  const limits = /maximum context length is (\d+) tokens/.exec(words);
  if (limits !== null) return new TooLong(words, { limit: Number(limits[1]) });
  if (/exceeds the (available )?context (size|length)/.test(words)) return new TooLong(words, {});
  if (/does not support tools/.test(words)) return new NoTools(words);
  if (status === 401 || status === 403) {
    return new CliaiError("refused", `the model server at ${url} wants a key: ${status} ${words}`, {
      hint: "put the key into a variable, and name it: --key-from VARIABLE",
    });
  }
  if (status >= 500) return new UnreadAnswer(`${status} ${words}`);
  return new CliaiError("failed", `the model server at ${url} refused the request: ${status} ${words}`, {
    hint: "look into the server's log",
  });
}

/** The error for what the socket threw. */
export function awayOf(cause: unknown): NotNow {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  return new NotNow("away", code === "" || messageOf(cause).includes(code) ? messageOf(cause) : code, cause);
}

function readError(body: string): {
  readonly words: string;
  readonly needed: number | undefined;
  readonly size: number | undefined;
} {
  const { error } = (parseJsonLine(body) ?? {}) as { error?: unknown };
  if (typeof error !== "object" || error === null) {
    return { words: (typeof error === "string" ? error : body).slice(0, longestWords), ...noFigures };
  }
  const { message, n_prompt_tokens: needed, n_ctx: size } = error as Record<string, unknown>;
  return {
    words: (typeof message === "string" ? message : JSON.stringify(error)).slice(0, longestWords),
    needed: typeof needed === "number" ? needed : undefined,
    size: typeof size === "number" ? size : undefined,
  };
}

const noFigures = { needed: undefined, size: undefined };
