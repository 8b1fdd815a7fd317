// Asks a model server again while it is away or busy, for as long as that makes sense.
import { CliaiError } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import { NotNow, UnreadAnswer } from "./model-failure.ts";

export interface Patience {
  readonly url: string;
  readonly signal: AbortSignal;
  /** How long a server may be away before it counts as gone. */
  readonly awayMs: number;
  /** How long a server may be busy, such as with loading its model. */
  readonly busyMs: number;
  /** Called before each wait. */
  readonly onWait: (why: string) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** How often a request is sent again if the server could not read what its model wrote. */
const mostUnread = 2;

/**
 * @throws CliaiError `no_answer` if the server is away or busy for too long, `failed` if it cannot read its model's answers; what `ask`
 * throws otherwise; the signal's reason once that aborts
 */
export async function patiently<T>(ask: () => Promise<T>, patience: Patience): Promise<T> {
  const { signal, onWait } = patience;
  const since = { away: undefined as number | undefined, busy: undefined as number | undefined };
  let pauseMs = firstPauseMs;
  for (let unread = 0; ; ) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UnreadAnswer && unread < mostUnread) {
        unread += 1;
        onWait(`the model server failed (${error.message}); asking it again`);
        continue;
      }
      if (error instanceof UnreadAnswer) throw unreadable(patience, error);
      if (!(error instanceof NotNow)) throw error;
      const now = performance.now();
      if (error.state === "busy") since.away = undefined;
      const began = since[error.state] ?? now;
      since[error.state] = began;
      const mostMs = error.state === "away" ? patience.awayMs : patience.busyMs;
      if (now - began >= mostMs) throw gaveUp(patience, error, now - began);
      onWait(waitingWords(patience, error));
      await pause(Math.min(pauseMs, Math.max(0, began + mostMs - now)), signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

function waitingWords({ url }: Patience, { state, message }: NotNow): string {
  return state === "away"
    ? `the model server at ${url} does not answer (${message}); trying again`
    : `the model server at ${url} cannot answer yet (${message}); trying again`;
}

function gaveUp({ url }: Patience, error: NotNow, waitedMs: number): CliaiError {
  const waitedS = Math.round(waitedMs / 1_000);
  const forS = waitedS === 0 ? "" : `, for ${waitedS} s`;
  const { message, state } = error;
  return state === "away"
    ? new CliaiError("no_answer", `no model server answers at ${url} (${message})${forS}`, {
        hint: `start it there, such as: llama-server --model FILE.gguf --jinja; or name another one: --model-server URL`,
        cause: error,
      })
    : new CliaiError("no_answer", `the model server at ${url} is not ready (${message})${forS}`, {
        hint: "wait until it has loaded; if it never does, look into its log: the model may be too large for this machine",
        cause: error,
      });
}

function unreadable({ url }: Patience, error: UnreadAnswer): CliaiError {
  return new CliaiError(
    "failed",
    `the model server at ${url} failed ${mostUnread + 1} times: ${error.message}`,
    {
      hint: "look into its log; where it cannot read the model's calls, this helps: --calls schema",
      cause: error,
    },
  );
}
