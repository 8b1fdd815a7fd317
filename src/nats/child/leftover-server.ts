// Ends a nats-server that a killed `serve` left running, before another one starts on the same store. It is recognised by the name
// in its greeting, or by its process id and start time together, because another process may have that id by now.

import { readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError, isFullDisk, messageOf } from "../../domain/text/errors.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { ownAddress } from "../../domain/wire/own-address.ts";
import type { Logger } from "../../log.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import { pause } from "../../waiting.ts";

const RunSchema = v.object({
  server_name: v.pipe(v.string(), v.minLength(1)),
  /** Above 0, because a signal to 0 or a negative id goes to many processes. */
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** 0 until it listens. */
  port: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535)),
  /** The port that the next serve takes again; 0 if there was none. Absent in a file of 0.2.0 and before: then it is `port`. */
  serve_port: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535))),
  /** The address on which it listens; absent if it listens on loopback. */
  host: v.optional(v.string()),
  /** The start of the process, from readProcessStart(). Absent if the system does not report it, and in a file of 0.1.0. */
  started: v.optional(v.string()),
});
type Run = Readonly<v.InferOutput<typeof RunSchema>>;

const fileName = "run.json";
const answerWithinMs = 1_000;
const endWithinMs = 4_000;

export async function recordRun(dir: string, run: Omit<Run, "started">): Promise<void> {
  const path = join(dir, fileName);
  const started = await readProcessStart(run.pid);
  const content: Run = { ...run, ...(started === undefined ? {} : { started }) };
  await writeAnew(path, `${JSON.stringify(content)}\n`);
}

/** @throws CliaiError `store_unavailable`, with the path, for which Node's own error of a full disk has no place */
export async function writeAnew(path: string, text: string): Promise<void> {
  try {
    await rm(path, { force: true }); // so that a symbolic link at this path is not followed
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new CliaiError("store_unavailable", `cannot write ${path}: ${messageOf(cause)}`, {
      hint: isFullDisk(cause) ? "free space on that disk" : "make its folder writable for your user",
      cause,
    });
  }
}

/**
 * Ends the nats-server of an earlier `serve` on this store, if it still runs. Only the serve that holds the data directory's lock
 * may call this, because otherwise it could end the nats-server of a serve that runs.
 * @returns its process id; undefined if none runs
 * @throws CliaiError `already_running` if it cannot be ended from here, because two nats-servers on one store destroy it
 */
export async function endOrphan(dir: string, log: Logger): Promise<number | undefined> {
  const run = await findOrphan(dir);
  if (run === undefined) return undefined;
  log.warn(`ending the nats-server of an earlier serve (pid ${run.pid}), which still runs on this store`);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (await isOurProcess(run)) endProcess(run.pid, signal);
    const deadline = performance.now() + endWithinMs;
    while (performance.now() < deadline) {
      if (!(await isThere(run))) return run.pid;
      await pause(20);
    }
  }
  throw new CliaiError(
    "already_running",
    `a nats-server of an earlier serve (pid ${run.pid}, port ${run.port}) still runs on ${dir}, and cannot be ended from here`,
    { hint: "end it where it runs, such as in its container; then start again: cliai serve" },
  );
}

/** The nats-server that was last started on this store, if it still runs. It is no orphan while its serve runs. */
export async function findOrphan(dir: string): Promise<Run | undefined> {
  const run = await readRun(dir);
  return run !== undefined && (await isThere(run)) ? run : undefined;
}

/** Checks the process and the port. One of them is enough, because the port may be in another network namespace, or the process in another container. */
async function isThere(run: Run): Promise<boolean> {
  const isKnown = run.started !== undefined && (await readProcessStart(run.pid)) === run.started;
  return isKnown || (await serverNameAt(run)) === run.server_name;
}

/** If the start of the process is not known, `isThere` has recognised it by the name in its greeting. */
async function isOurProcess({ pid, started }: Run): Promise<boolean> {
  return started === undefined || (await readProcessStart(pid)) === started;
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export async function readRun(dir: string): Promise<Run | undefined> {
  try {
    return decodeMessage(RunSchema, await readFile(join(dir, fileName)));
  } catch {
    // The file is missing, cut off by a crash, or not ours, so it names no process to end.
    return undefined;
  }
}

/** The port at which the hosts of the agents know the NATS server of this store; undefined if none has listened for them. */
export async function readServePort(dir: string): Promise<number | undefined> {
  const run = await readRun(dir);
  return (run?.serve_port ?? run?.port) || undefined;
}

/** The `server_name` in the INFO line with which a nats-server greets; undefined if no nats-server answers. */
async function serverNameAt({ host, port }: Run): Promise<string | undefined> {
  if (port === 0) return undefined;
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
    // Another program listens there.
    return undefined;
  }
}
