// Fills the template of the MCP configuration that an agent's CLI is given: pure, and on parsed JSON, so that no value can
// break out of its place.

export interface McpConfigValues {
  /** The command that starts this program again, and its first arguments. */
  readonly command: string;
  readonly args: readonly string[];
  readonly agent_id: string;
  readonly nats_url: string;
  readonly nats_creds?: string | undefined;
  readonly config_name: string;
  readonly project_path: string;
  readonly role: string;
  /** The host of the agent's session; none where it has no host. */
  readonly session_url?: string | undefined;
  readonly session_token?: string | undefined;
  readonly instance_id?: string | undefined;
  /** What its MCP server is to reach without a proxy; left out where that is not known. */
  readonly no_proxy?: string | undefined;
}

/** Puts values in place of `"{{name}}"`: a list goes into its list, and an entry whose value is not set is left out. */
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
