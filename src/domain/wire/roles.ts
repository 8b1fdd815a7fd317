// The roles of agents. A captain has additional tools.

export const roles = ["agent", "captain"] as const;
export type Role = (typeof roles)[number];

/** Reads a role from the wire. An unknown or missing role means a plain agent. */
export function readRole(word: string | undefined): Role {
  return roles.find((role) => role === word) ?? "agent";
}
