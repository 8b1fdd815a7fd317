// Writes to the socket on which a session of Claude Code takes messages, one line of JSON each. The session answers nothing, so a
// successful write is no evidence that the model has seen the message. Measured with 2.1.330.
import { createConnection } from "node:net";
import type { MessagingSocket } from "../../agent-link/host-protocol.ts";

/** `next`: the model gets the message after the running tool, or at once if it is idle. `now`: interrupts the running tool. */
export type Priority = "next" | "now";

const withinMs = 2_000;

/** Resolves when the session has taken the whole message from the socket. Rejects with an Error if it could not be sent. */
export function writeToSocket(
  { path, token }: MessagingSocket,
  text: string,
  priority: Priority,
): Promise<void> {
  const frames = [
    ...(token === undefined ? [] : [{ type: "auth", token }]),
    { type: "user", message: { role: "user", content: text }, priority },
  ];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = createConnection(path);
  socket.setTimeout(withinMs, () => socket.destroy(new Error(`nobody reads the socket ${path}`)));
  let isOpen = false;
  // Once the connection is open, the session may have the bytes. If this rejected, the caller would try another route, and the model could get
  // the message twice.
  socket.once("error", (error) => (isOpen ? resolve() : reject(error)));
  // Read and ignore what the session sends, so that the end of the socket is noticed.
  socket.resume();
  socket.once("connect", () => {
    isOpen = true;
    socket.end(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""));
  });
  socket.once("close", (hadError) => {
    if (!hadError) resolve();
  });
  return promise;
}
