// `agents/<id>/run.json`: the run that a `cliai spawn` has begun, from before its CLI is started until nothing of it is left. A
// file that is found while nobody holds the agent's lock is of a host that was killed.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

const RunFileSchema = v.object({
  /** As the environment of its processes names it. */
  run: v.pipe(v.string(), v.uuid()),
  /** Absent until the CLI is started. Never 0 or below: to a signal those are other processes, and many. */
  cli: v.optional(
    v.object({
      pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
      started: v.pipe(v.string(), v.minLength(1)),
    }),
  ),
});
export type RunFile = Readonly<v.InferOutput<typeof RunFileSchema>>;

/** Undefined where there is none, and for one that is none of ours. */
export async function readRunFile(dataDir: string, id: AgentId): Promise<RunFile | undefined> {
  try {
    return decodeMessage(RunFileSchema, await readFile(path(dataDir, id)));
  } catch {
    return undefined; // it says nothing that anybody could be ended by
  }
}

/** @throws CliaiError `data_dir_unwritable` */
export async function writeRunFile(dataDir: string, id: AgentId, run: RunFile): Promise<void> {
  await ensureOwnDir(join(path(dataDir, id), ".."));
  await writePrivateFile(path(dataDir, id), `${JSON.stringify(run)}\n`);
}

export async function removeRunFile(dataDir: string, id: AgentId): Promise<void> {
  await rm(path(dataDir, id), { force: true });
}

function path(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "run.json");
}
