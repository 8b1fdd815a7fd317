// The ids of guests: agents of others that a peer serves by the Synadia agent protocol.
import { CliaiError } from "../text/errors.ts";
import { type AgentId, parseAgentId } from "../wire/agent-id.ts";

/** How an agent of others names itself. */
export interface AgentName {
  /** What kind of agent it is, such as `claude-code`. */
  readonly agent: string;
  readonly owner: string;
  /** "" if it does not say. */
  readonly session: string;
}

/** What stands in the field `cli` of a guest's record. */
export const guestCli = "agent-protocol";

/** What a person has to know about a guest. */
export const guestWords =
  "An agent of a peer. cliai knows of it only what it says by the Synadia agent protocol, and can give it tasks, but not stop or pause it.";

const prefix = "peer_";
const longest = 63;
const hashLength = 8;

/** Whether only a guest may have this id, when it is given. In any case of letters, because no two ids differ in case only. */
export function isGuestId(id: string): boolean {
  return /^peer_.+_.+$/i.test(id);
}

/** Whether it is a guest. An agent of our own may have the id of one, if an earlier version made it, or under `--insecure`. */
export function isGuest({ agent_id, cli }: ShownAgent): boolean {
  return cli === guestCli && isGuestId(agent_id);
}

interface ShownAgent {
  readonly agent_id: string;
  /** As its record has it. */
  readonly cli?: string | undefined;
}

/** @throws CliaiError `agent_id_invalid` for an id that only a guest may have */
export function refuseGuestId(id: AgentId): void {
  if (!isGuestId(id)) return;
  throw new CliaiError("agent_id_invalid", `"${id}" could be the id of an agent of a peer`, {
    hint: "choose an id that does not begin with peer_",
  });
}

/** Whether a peer of this name can have guests: `_` parts the words of their ids, so with one in it two peers could have guests of one id. */
export function canHaveGuests(peer: string): boolean {
  return !peer.includes("_");
}

/** How the ids of all guests of a peer begin. No other peer's begin like this. @param peer see {@link canHaveGuests} */
export function guestPrefix(peer: string): string {
  return `${prefix}${peer}_`;
}

/**
 * `peer_ci_echo_kim_main`: the peer, then the kind, the owner and the session. If one of these has other characters than lower-case letters, digits
 * and -, or if the id would be too long, it is `peer_ci_echo-kim-my-session-1f0c9a27` instead, with a hash over the three.
 */
export function guestIdOf(peer: string, { agent, owner, session }: AgentName): AgentId {
  const given = [agent, owner, session];
  const words = given.map(wordOf);
  const exact = guestPrefix(peer) + words.join("_");
  const isExact = words.every((word, index) => word !== "" && word === given[index]);
  if (isExact && exact.length <= longest) return parseAgentId(exact);
  const room = longest - guestPrefix(peer).length - hashLength - 1;
  const kept = words.filter(Boolean).join("-").slice(0, room);
  return parseAgentId(guestPrefix(peer) + [kept, hashOf(JSON.stringify(given))].filter(Boolean).join("-"));
}

function wordOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

/** FNV-1a, as 8 hexadecimal digits. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of new TextEncoder().encode(text)) hash = Math.imul(hash ^ character, 0x01000193);
  return (hash >>> 0).toString(16).padStart(hashLength, "0");
}
