// Decides whether an agent is a captain by the agent's credentials, and not by what the agent says about itself.
import { statSync } from "node:fs";
import { messageOf } from "../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import type { Logger } from "../log.ts";
import { type Grant, grantsDir, isGood, readGrants } from "./agent-grants.ts";

/** A folder that has changed a moment ago may change again and keep its time, because some kernels give times in clock ticks of up to 10 ms. */
const settledAfterMs = 1_000;

/** Returns a function from an agent's id to the role of its newest valid grant; `agent` if there is none or it cannot be read. */
export function createMintedRoles(dataDir: string, now: () => Date, log: Logger): (id: string) => Role {
  /** The grants of each agent. They are kept until the agent's folder changes, because every tool call needs the role. */
  const known = new Map<AgentId, { readonly changedMs: number; readonly grants: readonly Grant[] }>();
  const grantsOf = (id: AgentId): readonly Grant[] => {
    const changedMs = statSync(grantsDir(dataDir, id), { throwIfNoEntry: false })?.mtimeMs;
    if (changedMs === undefined) return [];
    const before = known.get(id);
    if (before?.changedMs === changedMs) return before.grants;
    const grants = readGrants(dataDir, id);
    if (now().getTime() - changedMs > settledAfterMs) known.set(id, { changedMs, grants });
    return grants;
  };
  return (id) => {
    if (!isAgentId(id)) return "agent";
    try {
      return grantsOf(id).findLast((grant) => isGood(grant, now()))?.role ?? "agent";
    } catch (error) {
      log.warn(`${id} counts as a plain agent: ${messageOf(error)}`);
      return "agent";
    }
  };
}
