// Which agents belong on which node: one file each in `keys/placed/`. Only serve writes them: what a node says of itself gives it no agent that is
// another's.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema, isAgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { roles } from "../../domain/wire/roles.ts";

const place = {
  /** The name of the node. */
  node: v.string(),
  /** The role that the agent's credentials have. */
  role: v.picklist(roles),
  placed_at: v.string(),
};
const PlacementFileSchema = v.object({
  agent_id: AgentIdSchema,
  ...place,
  /**
   * Until when the node may have the agent's credentials made there. Only of a placement for a launch, until they are made: the node may refuse the
   * launch. An RFC 3339 time.
   */
  make_until: v.optional(v.string()),
  /** Of a placement for a launch: where the agent belongs until then. Absent if it belonged on no node. */
  before: v.optional(v.object(place)),
});
type PlacementFile = v.InferOutput<typeof PlacementFileSchema>;
/** Where an agent belongs. */
export type Placement = Omit<PlacementFile, "make_until" | "before">;

const folderOf = (dataDir: string) => join(keysDirOf(dataDir), "placed");
const fileOf = (dataDir: string, id: AgentId) => join(folderOf(dataDir), `${id}.json`);

/** Replaces where the agent was placed before. @throws CliaiError `data_dir_unwritable` */
export async function placeAgent(dataDir: string, placement: Placement): Promise<void> {
  await write(dataDir, placement);
}

/**
 * Places an agent that is about to be launched on a node. It stays where it belongs until its credentials are made there: if the node refuses the
 * launch, or never hears of it, nothing has changed.
 * @param makeUntil the node cannot have them made later
 * @throws CliaiError `config_invalid` for a file that cannot be used; `data_dir_unwritable`
 */
export async function placeForLaunch(dataDir: string, placement: Placement, makeUntil: Date): Promise<void> {
  const before = placementOf(dataDir, placement.agent_id);
  await write(dataDir, {
    ...{ ...placement, make_until: makeUntil.toISOString() },
    ...definedOf({ before }),
  });
}

/**
 * Where the agent belongs; undefined for an agent of this machine.
 * @throws CliaiError `config_invalid` for a file that cannot be used
 */
export function placementOf(dataDir: string, id: AgentId): Placement | undefined {
  const file = readPlacement(dataDir, id);
  return file === undefined ? undefined : settledOf(file);
}

/**
 * Where a launch has placed the agent, whose credentials may still be made there.
 * @throws CliaiError `config_invalid` for a file that cannot be used
 */
export function launchPlacementOf(dataDir: string, id: AgentId, now: Date): Placement | undefined {
  const file = readPlacement(dataDir, id);
  if (file?.make_until === undefined || Date.parse(file.make_until) < now.getTime()) return undefined;
  const { make_until: _, before: __, ...placement } = file;
  return placement;
}

function settledOf({ make_until, before, ...placement }: PlacementFile): Placement | undefined {
  if (make_until === undefined) return placement;
  return before === undefined ? undefined : { agent_id: placement.agent_id, ...before };
}

async function write(dataDir: string, file: PlacementFile): Promise<void> {
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(folderOf(dataDir));
  await writePrivateFile(fileOf(dataDir, file.agent_id), `${JSON.stringify(file, null, 2)}\n`);
}

function readPlacement(dataDir: string, id: AgentId): PlacementFile | undefined {
  const path = fileOf(dataDir, id);
  if (!existsSync(path)) return undefined;
  try {
    const placement = decodeMessage(PlacementFileSchema, readFileSync(path));
    if (placement.agent_id !== id) throw new Error(`it is the file of "${placement.agent_id}"`);
    return placement;
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: `remove it, and launch ${id} again`,
      cause,
    });
  }
}

/** Told of each file that cannot be used. */
export type OnUnusablePlacement = (problem: CliaiError) => void;

/** The agents that belong on this node. */
export function placedOn(dataDir: string, node: string, onUnusable: OnUnusablePlacement): AgentId[] {
  return filesAbout(dataDir, node, onUnusable)
    .filter((file) => settledOf(file)?.node === node)
    .map(({ agent_id }) => agent_id);
}

/** Takes all agents from this node, also those that a launch has placed there. They belong on no node then, or on the one before. */
export async function clearPlacements(
  dataDir: string,
  node: string,
  onUnusable: OnUnusablePlacement,
): Promise<void> {
  for (const file of filesAbout(dataDir, node, onUnusable)) {
    const settled = settledOf(file);
    if (file.node !== node) {
      const { before: _, ...launch } = file;
      await write(dataDir, launch);
    } else if (settled === undefined || settled.node === node) await removePlacement(dataDir, file.agent_id);
    else await write(dataDir, settled);
  }
}

function filesAbout(dataDir: string, node: string, onUnusable: OnUnusablePlacement): PlacementFile[] {
  if (!existsSync(folderOf(dataDir))) return [];
  return readdirSync(folderOf(dataDir))
    .map((file) => file.replace(/\.json$/, ""))
    .filter(isAgentId)
    .sort()
    .flatMap((id) => {
      try {
        return readPlacement(dataDir, id) ?? [];
      } catch (error) {
        onUnusable(error as CliaiError);
        return [];
      }
    })
    .filter((file) => file.node === node || file.before?.node === node);
}

export async function removePlacement(dataDir: string, id: AgentId): Promise<void> {
  await rm(fileOf(dataDir, id), { force: true });
}
