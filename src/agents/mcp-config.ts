// Fills the template of the MCP configuration for an agent's CLI. It works on parsed JSON, so that no value can change the
// structure. Pure.

export interface McpConfigValues {
  /** The command that starts this program (cliai) again, and its first arguments. */
  readonly command: string;
  readonly args: readonly string[];
  readonly agent_id: string;
  readonly nats_url: string;
  readonly nats_creds?: string | undefined;
  readonly config_name: string;
  readonly project_path: string;
  readonly role: string;
  /** The address of the agent's host; undefined if the agent has no host. */
  readonly session_url?: string | undefined;
  readonly session_token?: string | undefined;
  readonly instance_id?: string | undefined;
  /** The value of NO_PROXY for the bridge; left out if it is not known. */
  readonly no_proxy?: string | undefined;
}

/**
 * Replaces each string `"{{name}}"` in the template by the value of that name. A list is spliced into the list around it. An entry
 * of an object is left out if its value is undefined.
 */
export function fillTemplate(template: unknown, values: McpConfigValues): unknown {
  const known = new Map<string, unknown>(Object.entries(values));
  const fill = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.flatMap(fill);
    if (typeof part === "object" && part !== null) {
      const entries = Object.entries(part).map(([key, inner]) => [key, fill(inner)] as const);
      return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
    }
    const name = typeof part === "string" ? /^\{\{(\w+)\}\}$/.exec(part)?.[1] : undefined;
    return name === undefined ? part : known.get(name);
  };
  return fill(template);
}
