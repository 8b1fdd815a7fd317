// Allows only one serve on a data directory: the one that holds the kernel lock `serve.held`. The file `serve.lock` beside it
// names the holder, for people and for a serve of 0.1.0, which does not know the kernel lock. A command that must have the directory for itself
// holds the same lock.
import { rmSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { pause } from "../waiting.ts";
import { askServe } from "./ask-serve.ts";
import { isKernelLocked, type KernelLock, takeKernelLock } from "./kernel-lock.ts";
import { writePrivateFile } from "./private-files.ts";

const answerWithinMs = 1_000;
const lookEveryMs = 100;

const LockSchema = v.object({
  url: v.string(),
  instance: v.string(),
  /** Absent in a file of 0.1.0, for which this file is the only lock. */
  held_by: v.optional(v.literal("kernel")),
  /** The process id and start of serve. Both are needed to end it safely. Absent in a file of an older serve. */
  pid: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  started: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** A command that is no serve: it has no `url`, and `cliai down` must not end it. */
  command: v.optional(v.object({ name: v.string(), pid: v.number() })),
});
export type HoldingCommand = NonNullable<Lock["command"]>;
type Lock = v.InferOutput<typeof LockSchema>;
export type LockHolder = Omit<Lock, "held_by" | "command">;

/** Whether a serve holds the directory, even if it does not answer. */
export async function isServed(dataDir: string): Promise<boolean> {
  return isKernelLocked(heldPath(dataDir)) || (await olderHolder(dataDir)) !== undefined;
}

/** Who holds the directory, as the holder has written. Undefined if nobody does, or the holder has not written it. */
export async function readHolder(dataDir: string): Promise<LockHolder | undefined> {
  return (await isServed(dataDir)) ? await readLock(dataDir) : undefined;
}

/** The command that has the directory for itself, such as `cliai backup` while no server runs. */
export async function readCommand(dataDir: string): Promise<HoldingCommand | undefined> {
  return (await isServed(dataDir)) ? (await readLock(dataDir))?.command : undefined;
}

/** @throws CliaiError `already_running` while a command has the directory for itself */
export async function refuseWhileWhole(dataDir: string): Promise<void> {
  const command = await readCommand(dataDir);
  if (command === undefined) return;
  const { name, pid } = command;
  throw new CliaiError("already_running", `cliai ${name} (pid ${pid}) has ${dataDir} for itself`, {
    hint: "wait until it has ended, then try it again",
  });
}

interface WholeWaitOptions {
  /** Called once, if there is something to wait for. */
  readonly onWait: (command: HoldingCommand) => void;
  /** Default two minutes: `cliai backup` saves some GB in that time. */
  readonly withinMs?: number;
}

/**
 * Waits while a command has the directory for itself, as `cliai backup` has while no server runs: a manager of services does not try again when
 * a server was refused. Never waits for `cliai uninstall`, after which nothing is there.
 * @throws CliaiError `already_running` if the command has not ended in time
 */
export async function waitWhileWhole(
  dataDir: string,
  { onWait, withinMs = 120_000 }: WholeWaitOptions,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let isTold = false; ; isTold = true) {
    const command = await readCommand(dataDir);
    if (command === undefined) return;
    if (command.name === "uninstall" || performance.now() > deadline) return await refuseWhileWhole(dataDir);
    if (!isTold) onWait(command);
    await pause(lookEveryMs);
  }
}

/** @throws CliaiError `already_running` if a serve holds the directory */
export async function refuseSecondServe(dataDir: string): Promise<void> {
  await refuseWhileWhole(dataDir);
  if (await isServed(dataDir)) throw await alreadyRunning(dataDir);
}

/**
 * Takes the lock of the directory, and overwrites the file that a killed serve has left.
 * @param holder `url` must answer `/healthz` with `instance` from now on, because a serve of 0.1.0 asks there
 * @returns the function that releases the lock
 * @throws CliaiError `already_running`, `data_dir_unwritable`
 */
export async function takeLock(dataDir: string, holder: LockHolder): Promise<() => Promise<void>> {
  const { instance } = holder;
  const lock = await takeKernelLock(heldPath(dataDir));
  if (lock === undefined) throw await alreadyRunning(dataDir);
  const path = lockPath(dataDir);
  try {
    if ((await olderHolder(dataDir)) !== undefined) throw await alreadyRunning(dataDir);
    const own: Lock = { ...holder, held_by: "kernel" };
    await writePrivateFile(path, JSON.stringify(own));
  } catch (error) {
    lock.release();
    throw error;
  }
  return async () => {
    if ((await readLock(dataDir))?.instance === instance) await rm(path, { force: true });
    lock.release();
  };
}

/** Takes the lock of a command that starts a server. Undefined if another command has it. @throws CliaiError `data_dir_unwritable` */
export async function takeStarting(dataDir: string): Promise<KernelLock | undefined> {
  return await takeKernelLock(startingPath(dataDir));
}

export interface WholeDirectory {
  /** The names of the files that keep others away. They can be removed only after `release`. */
  readonly files: readonly string[];
  release(): void;
}

/**
 * Keeps away every server, and every command that starts one or has the directory for itself. Makes no directory.
 * @param name the command, for those who meet it
 * @throws CliaiError `already_running` if one of them has it
 */
export async function takeWhole(dataDir: string, name: string): Promise<WholeDirectory> {
  await refuseWhileWhole(dataDir);
  const starting = await takeStarting(dataDir);
  if (starting === undefined) {
    await refuseWhileWhole(dataDir); // it has said so only now
    throw new CliaiError("already_running", `another command is starting a server on ${dataDir}`, {
      hint: "wait until it runs, and end it: cliai down --agents",
    });
  }
  const held = (await isServed(dataDir)) ? undefined : await takeKernelLock(heldPath(dataDir));
  if (held === undefined) {
    starting.release();
    throw new CliaiError("already_running", `a server runs on ${dataDir}`, {
      hint: "end it and its agents first: cliai down --agents",
    });
  }
  const own: Lock = { url: "", instance: "", held_by: "kernel", command: { name, pid: process.pid } };
  // Without it, as on a full disk, others are told less.
  await writePrivateFile(lockPath(dataDir), JSON.stringify(own)).catch(() => undefined);
  return {
    files: [heldName, startingName, lockName],
    release() {
      rmSync(lockPath(dataDir), { force: true });
      held.release();
      starting.release();
    },
  };
}

const heldName = "serve.held";
const startingName = "serve.starting";
const lockName = "serve.lock";

function startingPath(dataDir: string): string {
  return join(dataDir, startingName);
}

function lockPath(dataDir: string): string {
  return join(dataDir, lockName);
}

function heldPath(dataDir: string): string {
  return join(dataDir, heldName);
}

/** Undefined if the file is missing or cannot be read. */
async function readLock(dataDir: string): Promise<Lock | undefined> {
  const bytes = await readFile(lockPath(dataDir)).catch(() => undefined);
  try {
    return bytes && decodeMessage(LockSchema, bytes);
  } catch {
    return undefined;
  }
}

/**
 * The serve of 0.1.0 that holds the directory, if any. It has no kernel lock, so it is asked over HTTP. If it does not answer in
 * time it counts as alive, because it may be under load.
 */
async function olderHolder(dataDir: string): Promise<Lock | undefined> {
  const lock = await readLock(dataDir);
  if (lock === undefined || lock.held_by !== undefined) return undefined;
  const signal = AbortSignal.timeout(answerWithinMs);
  try {
    const instance = instanceIn(await askServe(new URL("/healthz", lock.url), signal));
    return instance === lock.instance ? lock : undefined;
  } catch {
    return signal.aborted ? lock : undefined;
  }
}

function instanceIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { instance?: unknown }).instance;
  } catch {
    return undefined; // another program answered
  }
}

async function alreadyRunning(dataDir: string): Promise<CliaiError> {
  const url = (await readLock(dataDir))?.url;
  const where = url === undefined ? "" : `, at ${url}`;
  return new CliaiError("already_running", `another serve already runs on ${dataDir}${where}`, {
    hint: `use that one, or another directory: cliai serve --data-dir DIR --port 0 --nats-port 0`,
  });
}
