// A nats-server left running by a `serve` that was killed. It is ended before another is started on the same store,
// and only when the server that answers on its port says the name that was written down for it: a process id alone
// may belong to somebody else by now.
import { readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import * as v from "valibot";
import { decodeMessage } from "../domain/decode.ts";
import type { Logger } from "../log.ts";
import { loopback } from "./server-config.ts";

const RunSchema = v.object({
  server_name: v.pipe(v.string(), v.minLength(1)),
  /** Never 0 or below: to a signal those are other processes, and many. */
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  port: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(65_535)),
  /** Where it listens; absent for this machine alone. */
  host: v.optional(v.string()),
});
type Run = Readonly<v.InferOutput<typeof RunSchema>>;

/** Where this machine itself reaches it: an address that means "all" is none to connect to. */
export function ownAddress(host = loopback): string {
  if (host === "0.0.0.0") return loopback;
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

const fileName = "run.json";
const answerWithinMs = 1_000;
const endWithinMs = 4_000;

export async function recordRun(dir: string, run: Run): Promise<void> {
  const path = join(dir, fileName);
  await rm(path, { force: true }); // a symbolic link in its place is not followed
  await writeFile(path, `${JSON.stringify(run)}\n`, { mode: 0o600, flag: "wx" });
}

/** Ends the nats-server of an earlier `serve` on this store, if it is still there. */
export async function endOrphan(dir: string, log: Logger): Promise<void> {
  const run = await readRun(dir);
  if (run === undefined || (await serverNameAt(run)) !== run.server_name) return;
  log.warn(`a nats-server of an earlier serve (pid ${run.pid}) still runs on this store; it is ended`);
  endProcess(run.pid);
  const deadline = Date.now() + endWithinMs;
  while ((await serverNameAt(run)) === run.server_name && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    // It has ended by itself since it answered.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export async function readRun(dir: string): Promise<Run | undefined> {
  try {
    return decodeMessage(RunSchema, await readFile(join(dir, fileName)));
  } catch {
    // No file, one cut off by a crash, or none of ours: there is nothing that could be told to end.
    return undefined;
  }
}

/** The `server_name` in the INFO line with which a nats-server greets; undefined when none answers. */
async function serverNameAt({ host, port }: Run): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = createConnection({
      host: ownAddress(host).replace(/[[\]]/g, ""),
      port,
      timeout: answerWithinMs,
    });
    let greeting = "";
    const finish = (name: string | undefined) => {
      socket.destroy();
      resolve(name);
    };
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      greeting += text;
      if (greeting.includes("\r\n")) finish(serverNameOf(greeting));
    });
    socket.on("timeout", () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
  });
}

function serverNameOf(greeting: string): string | undefined {
  const info = /^INFO (\{.*\})\s*\r\n/.exec(greeting)?.[1];
  if (info === undefined) return undefined;
  try {
    return (JSON.parse(info) as { server_name?: string }).server_name;
  } catch {
    // Something else listens there, and speaks another language.
    return undefined;
  }
}
