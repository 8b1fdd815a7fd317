// `agents/<id>/launched-as.json`: how the agent was launched last: its profile, and the flags that the profile does not have. Each
// `cliai spawn` writes the file. It stays after the run, so that the agent can be started again in the same way.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LaunchedAs, LaunchedAsSchema, withoutSecrets } from "../domain/launch-flags.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

/** Undefined if the file is not valid, or missing: earlier releases wrote none. */
export async function readLaunchedAs(dataDir: string, id: AgentId): Promise<LaunchedAs | undefined> {
  try {
    return decodeMessage(LaunchedAsSchema, await readFile(path(dataDir, id)));
  } catch {
    return undefined; // the agent is then started with the flags of its profile, as in earlier releases
  }
}

/** Writes no secrets. @throws CliaiError `data_dir_unwritable` */
export async function writeLaunchedAs(dataDir: string, id: AgentId, launched: LaunchedAs): Promise<void> {
  await ensureOwnDir(join(path(dataDir, id), ".."));
  await writePrivateFile(path(dataDir, id), `${JSON.stringify(withoutSecrets(launched), null, 2)}\n`);
}

function path(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "launched-as.json");
}
