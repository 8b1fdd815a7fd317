// What a restored data directory lets in: also credentials that were revoked or replaced after the backup was made. The backup cannot know
// which those are, so a person is told all of them.
import { isGood, readGrants, readMintedAgents } from "../../credentials/agent-grants.ts";
import { isExpired, readNamedTokens } from "../../credentials/named-tokens.ts";
import { readNodes } from "../../credentials/nodes/nodes.ts";
import { isGoodPeer, readPeers } from "../../credentials/peers.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";

/** Names of all that the directory has valid credentials for, beside the HTTP token. */
export interface LetIn {
  readonly tokens: readonly string[];
  readonly agents: readonly string[];
  readonly peers: readonly string[];
  readonly nodes: readonly string[];
}

/** Files that cannot be used let nobody in, and are left out. */
export function readLetIn(dataDir: string, now: Date): LetIn {
  const skip = () => undefined;
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    tokens: names(readNamedTokens(dataDir, skip).filter((token) => !isExpired(token, now))),
    agents: readMintedAgents(dataDir).filter((id) => hasGoodGrant(dataDir, id, now)),
    peers: names(readPeers(dataDir, skip).filter((peer) => isGoodPeer(peer, now))),
    nodes: names(readNodes(dataDir, skip)),
  };
}

function hasGoodGrant(dataDir: string, id: AgentId, now: Date): boolean {
  try {
    return readGrants(dataDir, id).some((grant) => isGood(grant, now));
  } catch {
    return true; // a file of it is damaged, so nobody knows what was revoked
  }
}

/** @param savedAt when the backup was made, RFC 3339 */
export function validAgainText(letIn: LetIn, savedAt: string): string {
  const kinds = [
    ["the tokens", letIn.tokens, "token"],
    ["the agents", letIn.agents, "agents"],
    ["the peers", letIn.peers, "peers"],
    ["the nodes", letIn.nodes, "nodes"],
  ] as const;
  const there = kinds.filter(([, names]) => names.length > 0);
  const whose = ["the HTTP token", ...there.map(([what, names]) => `${what} ${names.join(", ")}`)].join("; ");
  const commands = ["cliai token rotate", ...there.map(([, , command]) => `cliai ${command} revoke NAME`)];
  return `if one of these was revoked or replaced after ${savedAt}, it is valid again: ${whose}; revoke it again: ${commands.join(", ")}`;
}
