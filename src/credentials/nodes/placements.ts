// Which agents belong on which node: one file each in `keys/placed/`. Only serve writes them: what a node says of itself gives it no agent that is
// another's.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema, isAgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { roles } from "../../domain/wire/roles.ts";

const PlacementSchema = v.object({
  agent_id: AgentIdSchema,
  /** The name of the node. */
  node: v.string(),
  /** The role that the agent's credentials have. */
  role: v.picklist(roles),
  placed_at: v.string(),
});
export type Placement = v.InferOutput<typeof PlacementSchema>;

const folderOf = (dataDir: string) => join(keysDirOf(dataDir), "placed");
const fileOf = (dataDir: string, id: AgentId) => join(folderOf(dataDir), `${id}.json`);

/** Replaces where the agent was placed before. @throws CliaiError `data_dir_unwritable` */
export async function placeAgent(dataDir: string, placement: Placement): Promise<void> {
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(folderOf(dataDir));
  await writePrivateFile(fileOf(dataDir, placement.agent_id), `${JSON.stringify(placement, null, 2)}\n`);
}

/**
 * Undefined for an agent of this machine.
 * @throws CliaiError `config_invalid` for a file that cannot be used
 */
export function placementOf(dataDir: string, id: AgentId): Placement | undefined {
  const path = fileOf(dataDir, id);
  if (!existsSync(path)) return undefined;
  try {
    const placement = decodeMessage(PlacementSchema, readFileSync(path));
    if (placement.agent_id !== id) throw new Error(`it is the file of "${placement.agent_id}"`);
    return placement;
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: `remove it, and launch ${id} again`,
      cause,
    });
  }
}

/** The agents that belong on this node. */
export function placedOn(dataDir: string, node: string): AgentId[] {
  if (!existsSync(folderOf(dataDir))) return [];
  return readdirSync(folderOf(dataDir))
    .map((file) => file.replace(/\.json$/, ""))
    .filter(isAgentId)
    .filter((id) => placementOf(dataDir, id)?.node === node)
    .sort();
}

export async function removePlacement(dataDir: string, id: AgentId): Promise<void> {
  await rm(fileOf(dataDir, id), { force: true });
}
