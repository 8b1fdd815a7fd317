// Starts a server in the background if a command needs one and none runs on its data directory. If two commands do so at once, the
// second waits for the server of the first.
import process from "node:process";
import { dataDirOf } from "../../data-dir/data-dir.ts";
import type { KernelLock } from "../../data-dir/kernel-lock.ts";
import { serveLogPath } from "../../data-dir/log-file.ts";
import { ensurePrivateDir } from "../../data-dir/private-files.ts";
import { readServeFile, type ServeFile } from "../../data-dir/serve-file.ts";
import {
  isServed,
  type LockHolder,
  readHolder,
  refuseWhileWhole,
  takeStarting,
} from "../../data-dir/serve-lock.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { stillRunning } from "../../processes/process-table.ts";
import { pause } from "../../waiting.ts";
import type { CliContext } from "../frame/context.ts";
import { noServerHere, readNodeFile } from "../node/node-file.ts";
import { type BackgroundServeOptions, resumingWords, startBackgroundServe } from "./background-serve.ts";
import { strandedWords } from "./stranded-agents.ts";

export const startArgs = {
  "no-start": {
    type: "boolean",
    description:
      "refuse if no server runs, instead of starting one in the background; the same as CLIAI_NO_START=1",
  },
} as const;

export interface EnsureServerArgs {
  readonly "data-dir"?: string | undefined;
  readonly url?: string | undefined;
  readonly creds?: string | undefined;
  /** The settings file that the server is started with, too. */
  readonly config?: string | undefined;
  readonly "no-start"?: boolean | undefined;
}

/** How long to wait for a server that another command is starting. */
const startedWithinMs = 75_000;
const lookEveryMs = 50;

/**
 * Resolves when a server runs on the data directory. Does nothing if `--url` or `--creds` names another server, or with `--no-start`:
 * then the next request to the server reports that none runs.
 * @throws CliaiError with the error of `serve`, if it cannot start
 */
export async function ensureServer(args: EnsureServerArgs, context: CliContext): Promise<void> {
  const { env, cwd } = context;
  // It is the server that runs this; or a server has begun to, and whoever ended it wants no other one.
  if (context.serve !== undefined || context.attempt?.servedMs !== undefined) return;
  if (args.url !== undefined || args.creds !== undefined) return;
  if (args["no-start"] === true || isSet(env.CLIAI_NO_START)) return;
  const dataDir = dataDirOf({ flag: args["data-dir"], env, cwd, platform: process.platform });
  const node = await readNodeFile(dataDir);
  if (node !== undefined) throw noServerHere(node);
  const deadline = performance.now() + startedWithinMs;
  if (await isReady(dataDir, deadline)) return;
  await ensurePrivateDir(dataDir);
  const lock = await takeStartLock(dataDir, deadline);
  try {
    if (await isReady(dataDir, deadline)) return;
    context.progress(`no server runs on ${dataDir}: starting one`);
    const flags = args.config === undefined ? [] : [`--config=${args.config}`];
    const server = await startOnFreePorts({ dataDir, flags, context }).catch(async (error: unknown) => {
      const isOthers = error instanceof CliaiError && error.code === "already_running";
      // A `cliai serve` in the foreground was faster. It takes no start lock.
      if (isOthers && (await isReady(dataDir, deadline))) return undefined;
      throw error;
    });
    if (server === undefined) return;
    const where = `pid ${server.pid}, ${server.url}, log ${serveLogPath(dataDir)}`;
    const resuming = resumingWords(server);
    context.note(
      `no server ran on ${dataDir}: started one in the background (${where})${resuming}; to end it: cliai down`,
    );
    const stranded = await strandedWords(server);
    if (stranded !== undefined) context.note(stranded);
  } finally {
    lock.release();
  }
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== "" && variable !== "0";
}

/**
 * Whether a server runs there. Waits for one that is starting or ending.
 * @throws CliaiError `no_answer`
 */
async function isReady(dataDir: string, deadline: number): Promise<boolean> {
  while (await isServed(dataDir)) {
    const server = await readServeFile(dataDir);
    const holder = await readHolder(dataDir);
    if (server !== undefined && (holder === undefined || (await isServeOf(holder, server)))) return true;
    if (performance.now() > deadline) {
      await refuseWhileWhole(dataDir);
      throw new CliaiError("no_answer", `a server holds ${dataDir}, but is not ready`, {
        hint: "see what it does: cliai status --log",
      });
    }
    await pause(lookEveryMs);
  }
  return false;
}

/** Whether the same serve wrote serve.json and serve.lock, and still runs. A new serve may not have replaced the files of a killed one yet. */
async function isServeOf(holder: LockHolder, server: ServeFile): Promise<boolean> {
  const { instance, pid, started } = holder;
  if (server.instance !== instance) return false;
  return pid === undefined || started === undefined || (await stillRunning([{ pid, started }])).length > 0;
}

/** @throws CliaiError `no_answer` */
async function takeStartLock(dataDir: string, deadline: number): Promise<KernelLock> {
  for (;;) {
    const lock = await takeStarting(dataDir);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new CliaiError(
        "no_answer",
        `another command has been starting the server of ${dataDir} for too long`,
        {
          hint: "see what it does: cliai status --log",
        },
      );
    }
  }
}

/** Uses the default ports. If another program has one, uses a free port instead, because nobody has asked for a certain port here. */
async function startOnFreePorts(options: BackgroundServeOptions): Promise<ServeFile> {
  const free = new Set<string>();
  for (;;) {
    try {
      return await startBackgroundServe({ ...options, flags: [...options.flags, ...free] });
    } catch (error) {
      if (!(error instanceof CliaiError) || error.code !== "port_taken") throw error;
      const flag = error.message.includes("for NATS") ? "--nats-port=0" : "--port=0";
      if (free.has(flag)) throw error;
      free.add(flag);
    }
  }
}
