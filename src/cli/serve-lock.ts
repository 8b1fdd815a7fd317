// `serve.lock`: one serve on one data directory. A process id would prove nothing, it may be somebody else's by now:
// whether the holder lives is asked at its address, which answers with the instance that the lock names.
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { decodeMessage } from "../domain/decode.ts";
import { CliaiError } from "../domain/errors.ts";
import { askServe } from "./ask-serve.ts";
import { unwritable } from "./private-files.ts";

const answerWithinMs = 1_000;
/** Whoever removes a dead lock asks once whether it is dead; one that takes longer was killed over it. */
const turnTakesAtMostMs = 10_000;

const LockSchema = v.object({ url: v.string(), instance: v.string() });
export type LockHolder = v.InferOutput<typeof LockSchema>;

/** Whether a living serve holds the directory. */
export async function isServed(dataDir: string): Promise<boolean> {
  const holder = await readLock(lockPath(dataDir));
  return holder !== undefined && (await isAlive(holder));
}

/** @throws CliaiError `already_running` when a living serve holds the directory */
export async function refuseSecondServe(dataDir: string): Promise<void> {
  const holder = await readLock(lockPath(dataDir));
  if (holder !== undefined && (await isAlive(holder))) throw alreadyRunning(dataDir, holder);
}

/**
 * Takes the directory; a lock left by a serve that was killed is removed.
 * @param holder its `url` must answer `/healthz` with its instance from now on
 * @returns the way to give it up
 */
export async function takeLock(dataDir: string, holder: LockHolder): Promise<() => Promise<void>> {
  const path = lockPath(dataDir);
  const own = join(dataDir, `.lock-${holder.instance}`);
  try {
    await writeFile(own, JSON.stringify(holder), { mode: 0o600, flag: "wx" });
    while (!(await linkTo(own, path))) {
      await refuseSecondServe(dataDir);
      await removeDead(dataDir, own);
    }
  } catch (error) {
    throw error instanceof CliaiError ? error : unwritable(path, error);
  } finally {
    await rm(own, { force: true });
  }
  return async () => {
    if ((await readLock(path))?.instance === holder.instance) await rm(path, { force: true });
  };
}

function lockPath(dataDir: string): string {
  return join(dataDir, "serve.lock");
}

/** Whether the name was free. A link is made whole and only where nothing is. */
async function linkTo(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a dead serve's lock. One starter at a time may do that, under a second lock: else the slower of two would remove
 * what the quicker has just put there.
 */
async function removeDead(dataDir: string, own: string): Promise<void> {
  const turn = join(dataDir, "serve.lock.turn");
  if (!(await linkTo(own, turn))) {
    const age = await stat(turn).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0, // given up just now
    );
    if (age > turnTakesAtMostMs) await rm(turn, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return;
  }
  try {
    const holder = await readLock(lockPath(dataDir));
    if (holder !== undefined && !(await isAlive(holder))) await rm(lockPath(dataDir), { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

/** Undefined for none. Locks are made whole: one that cannot be read was written by no living serve. */
async function readLock(path: string): Promise<LockHolder | undefined> {
  try {
    return decodeMessage(LockSchema, await readFile(path));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : { url: "", instance: "" };
  }
}

/** Silence counts as alive: a serve under load or stopped in a debugger still holds its files. */
export async function isAlive({ url, instance }: LockHolder): Promise<boolean> {
  const signal = AbortSignal.timeout(answerWithinMs);
  try {
    return instanceIn(await askServe(new URL("/healthz", url), signal)) === instance;
  } catch {
    return signal.aborted;
  }
}

function instanceIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { instance?: unknown }).instance;
  } catch {
    return undefined; // somebody else's page
  }
}

function alreadyRunning(dataDir: string, { url }: LockHolder): CliaiError {
  return new CliaiError("already_running", `another serve already runs on ${dataDir}, at ${url}`, {
    hint: `use that one, or another directory: cliai serve --data-dir DIR --port 0 --nats-port 0`,
  });
}
