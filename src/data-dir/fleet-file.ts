// `fleet.json`: what serve last knew of the agents, for `ls` and `show` while no serve answers. The time of the file is when serve
// knew it.
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
/** Of each agent's orders: what a person looks for once serve is gone, and no more than can be written every few seconds. */
const ordersKept = 5;

/** What is written; serve's own fleet has it. */
export interface KnownFleet {
  /** Grows with each change. */
  revision(): number;
  /** As shown: without the secrets of orders. */
  list(): readonly AgentRecord[];
}

export interface LastKnownFleet {
  readonly records: ReadonlyMap<AgentId, AgentRecord>;
  /** When serve knew it. */
  readonly asOf: Date;
}

/** Writes the file now and while serve runs; returns the way to end that, which writes it once more. */
export function keepFleetFile(dataDir: string, fleet: KnownFleet, log: Logger): () => Promise<void> {
  const path = fleetFilePath(dataDir);
  let written: number | undefined;
  const write = async () => {
    const revision = fleet.revision();
    try {
      if (written === revision) return await touch(path);
      const agents = fleet.list().map((agent) => ({ ...agent, commands: agent.commands.slice(-ordersKept) }));
      await writePrivateFile(path, JSON.stringify({ agents }));
      written = revision;
    } catch (error) {
      written = undefined;
      log.warn(`${path} is not written: ${messageOf(error)}`);
    }
  };
  let last = write();
  const timer = setInterval(() => {
    last = last.then(write);
  }, writeEveryMs);
  return async () => {
    clearInterval(timer);
    await last;
    written = undefined; // a change may not have its revision yet
    await write();
  };
}

/** Undefined if no serve has written it, or what is there is none of ours. */
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
    return undefined; // what serve knew last is then not known
  }
}

function fleetFilePath(dataDir: string): string {
  return join(dataDir, "fleet.json");
}

async function touch(path: string): Promise<void> {
  const { atime } = await stat(path);
  await utimes(path, atime, new Date());
}
