// Agent ids: their syntax, and how one is made if none is given.
import * as v from "valibot";
import { CliaiError } from "../text/errors.ts";

const pattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export const AgentIdSchema = v.pipe(
  v.string("the agent id must be text"),
  v.regex(pattern, "an agent id is 1 to 63 letters, digits, _ or -, beginning with a letter or digit"),
  v.brand("AgentId"),
);

/** One NATS subject token and one file name: safe in subjects, in paths and on a case-insensitive disk. */
export type AgentId = v.InferOutput<typeof AgentIdSchema>;

export function isAgentId(text: unknown): text is AgentId {
  return typeof text === "string" && pattern.test(text);
}

/** @throws CliaiError `agent_id_invalid`, naming the text; an id is never altered to make it fit. */
export function parseAgentId(text: string): AgentId {
  if (isAgentId(text)) return text;
  throw new CliaiError("agent_id_invalid", `"${text}" is not an agent id`, {
    hint: "use 1 to 63 letters, digits, _ or -, beginning with a letter or digit, such as Snake-1234",
  });
}

/** A known id that differs from this one in case only. A case-insensitive disk would take the two for the same. */
export function caseTwinOf(id: AgentId, known: Iterable<AgentId>): AgentId | undefined {
  const lower = id.toLowerCase();
  for (const other of known) if (other !== id && other.toLowerCase() === lower) return other;
  return undefined;
}

/**
 * `<Profile>-<4 digits>`, such as `Snake-1234`.
 * @param random a number in [0, 1)
 */
export function buildAgentId(profile: string, random: number): AgentId {
  const name = profile.charAt(0).toUpperCase() + profile.slice(1);
  return parseAgentId(`${name}-${String(Math.floor(random * 10_000)).padStart(4, "0")}`);
}
