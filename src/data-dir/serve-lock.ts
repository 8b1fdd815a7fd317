// Allows one serve on one data directory: the one that holds the kernel lock `serve.held`. `serve.lock` beside it names the
// holder for people and for a serve of 0.1.0, which knows no other lock.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { askServe } from "./ask-serve.ts";
import { isKernelLocked, takeKernelLock } from "./kernel-lock.ts";
import { writePrivateFile } from "./private-files.ts";

const answerWithinMs = 1_000;

const LockSchema = v.object({
  url: v.string(),
  instance: v.string(),
  /** Absent in a file of 0.1.0, which has no other lock than this file. */
  held_by: v.optional(v.literal("kernel")),
});
type Lock = v.InferOutput<typeof LockSchema>;
export type LockHolder = Pick<Lock, "url" | "instance">;

/** Whether a serve holds the directory, also one that does not answer. */
export async function isServed(dataDir: string): Promise<boolean> {
  return isKernelLocked(heldPath(dataDir)) || (await olderHolder(dataDir)) !== undefined;
}

/** @throws CliaiError `already_running` when a serve holds the directory */
export async function refuseSecondServe(dataDir: string): Promise<void> {
  if (await isServed(dataDir)) throw await alreadyRunning(dataDir);
}

/**
 * Takes the directory. What a serve that was killed has left is written anew.
 * @param holder its `url` must answer `/healthz` with its instance from now on: a serve of 0.1.0 asks there
 * @returns the way to give it up
 * @throws CliaiError `already_running`, `data_dir_unwritable`
 */
export async function takeLock(dataDir: string, { url, instance }: LockHolder): Promise<() => Promise<void>> {
  const lock = await takeKernelLock(heldPath(dataDir));
  if (lock === undefined) throw await alreadyRunning(dataDir);
  const path = lockPath(dataDir);
  try {
    if ((await olderHolder(dataDir)) !== undefined) throw await alreadyRunning(dataDir);
    const own: Lock = { url, instance, held_by: "kernel" };
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

function lockPath(dataDir: string): string {
  return join(dataDir, "serve.lock");
}

function heldPath(dataDir: string): string {
  return join(dataDir, "serve.held");
}

/** Undefined if the file is missing or cannot be read: then it names no holder. */
async function readLock(dataDir: string): Promise<Lock | undefined> {
  const bytes = await readFile(lockPath(dataDir)).catch(() => undefined);
  try {
    return bytes && decodeMessage(LockSchema, bytes);
  } catch {
    return undefined;
  }
}

/** A serve of 0.1.0 that holds the directory. It has no kernel lock, so it is asked; if it is silent it counts as alive, because it may be under load. */
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
    return undefined; // somebody else's page
  }
}

async function alreadyRunning(dataDir: string): Promise<CliaiError> {
  const url = (await readLock(dataDir))?.url;
  const where = url === undefined ? "" : `, at ${url}`;
  return new CliaiError("already_running", `another serve already runs on ${dataDir}${where}`, {
    hint: `use that one, or another directory: cliai serve --data-dir DIR --port 0 --nats-port 0`,
  });
}
