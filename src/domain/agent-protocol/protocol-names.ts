// This room is the wire of the Synadia agent protocol for NATS, version 0.3: names, prompts, pieces of answers, questions. Pure.
//
// The names on the wire: subjects, the service, the token of our agents.

export const agentProtocolVersion = "0.3";
/** The name of each agent's micro service, and the queue group of its endpoints. */
export const agentsService = "agents";
/** What stands in the subjects, and in the metadata `agent`, of every agent of cliai. */
export const ourToken = "cliai";
/** Subjects for the answers to an agent's questions begin like this: a caller's credentials allow no others. */
export const queryInboxPrefix = "_INBOX.agents";
/** How often an agent is announced, in seconds. */
export const beatIntervalS = 30;

export type AgentVerb = "prompt" | "status" | "hb";

/** `agents.prompt.cliai.kim.ada` */
export function agentProtocolSubject(verb: AgentVerb, owner: string, name: string): string {
  return `agents.${verb}.${ourToken}.${owner}.${name}`;
}

/** The owner as a token of a subject: the user's name in lower case, with `-` for what a token may not have. */
export function ownerToken(user: string): string {
  const token = user.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-");
  return token.replaceAll(/^-+|-+$/g, "").slice(0, 63) || "operator";
}

/** The size as the protocol writes it, rounded down: `8MB`, with 1 KB = 1,024 bytes. */
export function sizeWord(bytes: number): string {
  const kb = Math.floor(bytes / 1024);
  if (kb > 0 && kb % 1024 === 0) return `${kb / 1024}MB`;
  return kb > 0 ? `${kb}KB` : `${bytes}B`;
}

const unitBytes: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** How many bytes `8MB`, `512KB` or `100B` are, with 1 KB = 1,024 bytes; undefined for another text. */
export function bytesOfSize(word: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)\s*([KMG]?B)$/i.exec(word.trim()) ?? [];
  const bytes = unitBytes[unit.toUpperCase()];
  return count === undefined || bytes === undefined ? undefined : Number(count) * bytes;
}
