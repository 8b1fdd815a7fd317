// The lock that allows only one `cliai spawn` for each agent of this data directory. `spawn` takes it before it makes the
// agent's credentials, and holds it until it ends.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { isKernelLocked, type KernelLock, takeKernelLock } from "./kernel-lock.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "./private-files.ts";

/** @throws CliaiError `already_running` if another process runs the agent; `data_dir_unwritable` */
export async function takeAgentLock(dataDir: string, id: AgentId): Promise<KernelLock> {
  const path = lockPath(dataDir, id);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(join(path, ".."));
  const lock = await takeKernelLock(path);
  if (lock !== undefined) return lock;
  throw new CliaiError("already_running", `the agent "${id}" runs already: another cliai spawn holds it`, {
    hint: `stop it first: cliai send stop ${id}`,
  });
}

/** Whether a `cliai spawn` on this machine runs the agent, whatever its status in the fleet is. */
export function isAgentHeld(dataDir: string, id: AgentId): boolean {
  return isKernelLocked(lockPath(dataDir, id));
}

const WorkDirSchema = v.object({ dir: v.string() });

/**
 * Notes the directory in which the holder of the agent's lock lets the agent work: `agents/<id>/works-in.json`. The file stays after the
 * run, and counts only while the lock is held.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function writeWorkDir(dataDir: string, id: AgentId, dir: string): Promise<void> {
  await writePrivateFile(workDirPath(dataDir, id), `${JSON.stringify({ dir })}\n`);
}

/** Undefined if the agent was not launched since cliai writes the file. */
export async function readWorkDir(dataDir: string, id: AgentId): Promise<string | undefined> {
  try {
    return decodeMessage(WorkDirSchema, await readFile(workDirPath(dataDir, id))).dir;
  } catch {
    return undefined; // there is no such file, or not one of ours
  }
}

function workDirPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "works-in.json");
}

function lockPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "held");
}
