// What a user of the agent CLIs has set up besides cliai: an MCP server and a hook, each of which leaves a file when it runs.
import { join } from "node:path";

const serverScript = join(import.meta.dirname, "../support/tiny-mcp-server.ts");

export interface OwnSettings {
  /** Command and arguments of the user's own MCP server. */
  readonly server: { readonly command: string; readonly args: readonly string[] };
  /** Its environment, in which it finds where to leave its file. */
  readonly serverEnv: Readonly<Record<string, string>>;
  readonly serverRan: string;
  /** The shell command of the user's own hook, which says nothing. */
  readonly hook: string;
  readonly hookRan: string;
}

/** @param home the user's home, where the files are left */
export function ownSettings(home: string): OwnSettings {
  const [serverRan, hookRan] = [join(home, "own-server-ran"), join(home, "own-hook-ran")];
  return {
    ...{
      server: { command: process.execPath, args: [serverScript] },
      serverEnv: { TINY_MCP_LOG: serverRan },
    },
    ...{ serverRan, hook: `touch '${hookRan}'`, hookRan },
  };
}
