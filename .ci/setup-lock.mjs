// Lets only one command of this clone install and build at a time: `npm run link` beside the first `npm start` waits for it, and finds
// all done. Plain Node 20 without packages.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A failure whose message is for the person at the terminal. */
export class LockError extends Error {}

/** The slowest first build, which compiles nats-server, takes some minutes on a slow machine. */
const longestMs = 20 * 60_000;
const lookEveryMs = 200;

/**
 * Takes the lock, and says so if it has to wait. Resolves to the function that gives it back; if this process is killed, the next command
 * takes the lock from it.
 * @param {string} projectDir
 * @param {(line: string) => void} note
 * @param {number} withinMs
 * @returns {Promise<() => void>}
 * @throws {LockError} if another command still has it at the end of this time
 */
export async function takeSetupLock(projectDir, note, withinMs = longestMs) {
  const path = join(projectDir, ".cache", "setup.lock");
  mkdirSync(join(path, ".."), { recursive: true });
  const deadline = Date.now() + withinMs;
  let waitsFor;
  while (!isTaken(path)) {
    const holder = holderOf(path);
    if (holder === undefined) continue;
    if (!isAlive(holder) || ageMs(path) > longestMs) {
      takeAway(path, holder);
      continue;
    }
    if (Date.now() > deadline) {
      throw new LockError(
        `another command (process ${holder}) has been installing or building here for too long\nhint: end it, then run again`,
      );
    }
    if (waitsFor !== holder)
      note(`another command (process ${holder}) installs or builds here: waiting for it`);
    waitsFor = holder;
    await pause(lookEveryMs);
  }
  return () => {
    if (holderOf(path) === process.pid) rmSync(path, { force: true });
  };
}

/** Makes the lock with this process's id in it, in one step. False if the lock is there already. */
function isTaken(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The id of the process that has the lock; undefined if nobody has it. */
function holderOf(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM"; // of another user
  }
}

function ageMs(path) {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return made === undefined ? 0 : Date.now() - made;
}

/** Removes the lock of a process that is gone. If another command was faster, and has the lock now, gives it back. */
function takeAway(path, holder) {
  const aside = `${path}.gone.${process.pid}`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== holder) linkSync(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
