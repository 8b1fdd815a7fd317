// Decides who is a captain by the credentials that were made for it, not by what an agent says of itself.
import { statSync } from "node:fs";
import { messageOf } from "../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import type { Logger } from "../log.ts";
import { type Grant, grantsDir, isGood, readGrants } from "./agent-grants.ts";

/** The role of the newest valid credentials. Without any, or if they cannot be read, a plain agent. */
export function createMintedRoles(dataDir: string, now: () => Date, log: Logger): (id: string) => Role {
  /** Cached until a file of the folder changes, because every call asks for the role. */
  const known = new Map<AgentId, { readonly changedMs: number; readonly grants: readonly Grant[] }>();
  const grantsOf = (id: AgentId): readonly Grant[] => {
    const changedMs = statSync(grantsDir(dataDir, id), { throwIfNoEntry: false })?.mtimeMs;
    if (changedMs === undefined) return [];
    const before = known.get(id);
    if (before?.changedMs === changedMs) return before.grants;
    const grants = readGrants(dataDir, id);
    known.set(id, { changedMs, grants });
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
