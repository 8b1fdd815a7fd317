// The socket on which a session of Claude Code takes messages (measured with 2.1.330): the first way to speak to it.
// A message is one line of JSON; nothing comes back, so that the socket's word is no evidence that it was seen.
import { createConnection } from "node:net";
import type { MessagingSocket } from "../../agent-link/host-protocol.ts";

/** `next` comes after the running tool and wakes an idle session; `now` cuts the running tool off. */
export type Priority = "next" | "now";

const withinMs = 2_000;

/** Resolves when the session's end of the socket has taken the whole message. @throws Error when it has not */
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
  socket.setTimeout(withinMs, () => socket.destroy(new Error(`nothing takes it at ${path}`)));
  let isOpen = false;
  // Once it is open the bytes may be on their way to the session: given by another way too, they would come twice.
  socket.once("error", (error) => (isOpen ? resolve() : reject(error)));
  // Whatever it says is no answer to this; read, so that its end is seen.
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
