// Carries the messages of `codex app-server`: over its pipes, each in a line; or over its unix socket, each in a WebSocket message. A
// terminal of Codex can use the same socket beside us. Measured with 0.171.0.
import { realpath } from "node:fs/promises";
import { openUnixSocket } from "../../../direct-fetch.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { createLineSplitter } from "../../../domain/text/lines.ts";
import { pause } from "../../../waiting.ts";
import type { SessionPipes } from "../../live-session.ts";

export interface Transport {
  send(text: string): void;
}

export interface TransportListener {
  readonly onMessage: (text: string) => void;
  readonly onClose: () => void;
}

export function connectPipes(
  { stdin, stdout }: Pick<SessionPipes, "stdin" | "stdout">,
  { onMessage, onClose }: TransportListener,
): Transport {
  // Ignored, because the process's end is noticed by its output.
  stdin.on("error", () => undefined);
  const lines = createLineSplitter();
  stdout.setEncoding("utf8").on("data", (part: string) => lines.push(part).forEach(onMessage));
  stdout.once("close", onClose);
  return { send: (text) => void stdin.write(`${text}\n`) };
}

const defaultOpensWithinMs = 60_000;
const lookEveryMs = 50;

/**
 * Connects once the server has made its socket.
 * @param ended aborts when the server has ended
 * @param opensWithinMs default 60 s
 * @throws CliaiError `cli_missing` if it has not made the socket in time, does not answer there, or has ended
 */
export async function connectSocket(
  path: string,
  ended: AbortSignal,
  { onMessage, onClose }: TransportListener,
  opensWithinMs = defaultOpensWithinMs,
): Promise<Transport> {
  const over = AbortSignal.any([ended, AbortSignal.timeout(opensWithinMs)]);
  while (!over.aborted) {
    // At `path` Codex makes a link to its socket. The socket has a short path, because a socket's path may have only about 100 characters.
    const real = await realpath(path).catch(() => undefined); // not there yet
    const socket = real && (await openUnixSocket(real, onMessage, over).catch(() => undefined)); // not listening yet
    if (socket) {
      socket.onClose(onClose);
      ended.addEventListener("abort", socket.close, { once: true });
      return socket;
    }
    await pause(lookEveryMs, over);
  }
  throw new CliaiError("cli_missing", `codex app-server has not opened its socket ${path}`, {
    hint: "check that it runs by itself: codex app-server --listen unix://",
  });
}
