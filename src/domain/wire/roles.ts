// What an agent is in its fleet (contract §7): a captain leads the others, and has tools of its own.

export const roles = ["agent", "captain"] as const;
export type Role = (typeof roles)[number];

/** A role as it came on the wire: a word that is none, or no word, is a plain agent. */
export function readRole(word: string | undefined): Role {
  return roles.find((role) => role === word) ?? "agent";
}
