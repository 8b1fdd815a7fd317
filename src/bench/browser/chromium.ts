// This room measures pages in a real Chromium.
//
// Starts a headless Chromium with a profile of its own, and speaks its DevTools protocol over a pipe: JSON messages, each ended by a null
// byte. So nobody else can steer it, and no port is open.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { atMost } from "../../waiting.ts";

export interface DevTools {
  /** Sends a command. Rejects with Chromium's words if it fails, if there is no answer in time, or if Chromium has ended. */
  send<T>(method: string, params?: object, session?: string): Promise<T>;
  /** Calls the listener at each event of this name, with the session that it is of. Returns the function that ends that. */
  on<T>(event: string, listener: (params: T, session: string | undefined) => void): () => void;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const answerWithinMs = 180_000;
const standardEndMs = 5_000;

/**
 * It is ended, and its profile removed, when `parts` are disposed of.
 * @param endWithinMs how long it has to end by itself before it is killed; default 5 s
 */
export async function startChromium(
  path: string,
  parts: AsyncDisposableStack,
  endWithinMs = standardEndMs,
): Promise<DevTools> {
  const home = await mkdtemp(join(tmpdir(), "cliai-bench-chromium-"));
  parts.defer(() => rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const args = [
    ...["--headless", "--remote-debugging-pipe", `--user-data-dir=${home}`, "--window-size=1280,800"],
    ...["--no-first-run", "--disable-gpu", "--disable-sync", "--disable-quic"],
    ...["--disable-background-networking", "--disable-component-update"],
    // Several pages are measured at once, as if each were in front.
    ...["--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"],
    // As root, as in a container, its sandbox refuses to run. Only our own pages are opened.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  const child = spawn(path, args, {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve()).once("error", () => resolve());
  });
  const tools = speak(child.stdio[3] as Writable, child.stdio[4] as Readable, ended);
  parts.defer(async () => {
    // One that hangs does not answer, and one that ends may not, either.
    void tools.send("Browser.close").catch(() => undefined);
    await atMost(endWithinMs, ended);
    child.kill("SIGKILL");
    await ended;
  });
  await tools.send("Browser.getVersion");
  return tools;
}

/** @param ended resolves when the program has ended */
function speak(input: Writable, output: Readable, ended: Promise<void>): DevTools {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, Set<(params: never, session: string | undefined) => void>>();
  let sent = 0;
  let hasEnded = false;
  let rest = "";
  const take = ({ id, sessionId, method, params, result, error }: Message) => {
    if (id === undefined) {
      for (const listener of listeners.get(method ?? "") ?? []) listener(params as never, sessionId);
      return;
    }
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) waiter?.resolve(result);
    else waiter?.reject(new Error(`Chromium: ${error.message}`));
  };
  input.on("error", () => undefined); // it has ended, which `ended` reports
  output.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) take(JSON.parse(message) as Message);
  });
  void ended.then(() => {
    hasEnded = true;
    for (const { reject } of waiting.values()) reject(new Error("Chromium has ended"));
  });
  return {
    async send<T>(method: string, params: object = {}, session?: string) {
      if (hasEnded) throw new Error("Chromium has ended");
      sent += 1;
      const id = sent;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`Chromium has not answered ${method} within ${answerWithinMs} ms`));
      }, answerWithinMs);
      input.write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
      return (await promise.finally(() => clearTimeout(timer))) as T;
    },
    on<T>(event: string, listener: (params: T, session: string | undefined) => void) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      return () => void all.delete(listener);
    },
  };
}
