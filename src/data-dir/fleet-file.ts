// `fleet.json`: the last state of the agents that serve knew, for `ls` and `show` while no serve answers. The file's modification
// time is the time of that state.
import { readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { isStoredRecord } from "../domain/fleet/stored-record.ts";
import { messageOf } from "../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import { writePrivateFile } from "./private-files.ts";

const writeEveryMs = 5_000;
/** How many orders of each agent are kept: enough for a person to look at, and few enough to write every few seconds. */
const ordersKept = 5;

/** The part of serve's fleet that is written to the file. */
export interface KnownFleet {
  /** Grows with each change. */
  revision(): number;
  /** The records as they are shown: without the orders' secrets. */
  list(): readonly AgentRecord[];
}

export interface LastKnownFleet {
  readonly records: ReadonlyMap<AgentId, AgentRecord>;
  /** The time at which serve knew this state. */
  readonly asOf: Date;
}

/** Writes the file now and every few seconds. Returns the function that ends this and writes the file once more. */
export function keepFleetFile(dataDir: string, fleet: KnownFleet, log: Logger): () => Promise<void> {
  const path = fleetFilePath(dataDir);
  let written: number | undefined;
  let isTroubled = false;
  const write = async () => {
    const revision = fleet.revision();
    try {
      if (written === revision) return await touch(path);
      const agents = fleet.list().map((agent) => ({ ...agent, commands: agent.commands.slice(-ordersKept) }));
      await writePrivateFile(path, JSON.stringify({ agents }));
      written = revision;
      isTroubled = false;
    } catch (error) {
      written = undefined;
      // Warn once, because a full disk stays full for a while.
      if (!isTroubled) log.warn(`cannot write ${path}: ${messageOf(error)}`);
      isTroubled = true;
    }
  };
  let last = write();
  const timer = setInterval(() => {
    last = last.then(write);
  }, writeEveryMs);
  return async () => {
    clearInterval(timer);
    await last;
    written = undefined; // write even at the same revision, because the last change may not have raised it yet
    await write();
  };
}

/** Undefined if there is no file, or it is damaged. */
export async function readFleetFile(dataDir: string): Promise<LastKnownFleet | undefined> {
  const path = fleetFilePath(dataDir);
  try {
    const [text, { mtime }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const { agents } = v.parse(
      v.object({ agents: v.array(v.looseObject({ agent_id: v.string() })) }),
      JSON.parse(text),
    );
    const records = new Map<AgentId, AgentRecord>();
    for (const agent of agents) {
      const { agent_id } = agent;
      if (isAgentId(agent_id) && isStoredRecord(agent, agent_id)) records.set(agent_id, agent);
    }
    return { records, asOf: mtime };
  } catch {
    return undefined; // then there is no last known state
  }
}

function fleetFilePath(dataDir: string): string {
  return join(dataDir, "fleet.json");
}

async function touch(path: string): Promise<void> {
  const { atime } = await stat(path);
  await utimes(path, atime, new Date());
}
