// The MCP Inspector's command line as an independent MCP client: one request to a server on stdio or at a URL, one parsed answer.
import { join } from "node:path";
import { startChild } from "./child.ts";
import { tempDir } from "./temp-dir.ts";

// Inspector 2.12.0 declares Node >= 22.19, for its web page; its command line runs on Node 20.
const launcher = join(
  import.meta.dirname,
  "../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
);

export interface InspectOptions {
  /** What `tools/call` calls. */
  readonly tool?: { readonly name: string; readonly arguments?: Readonly<Record<string, unknown>> };
  /** "legacy" opens with `initialize`, "modern" with `server/discover` (MCP 2026-07-28). Default legacy. */
  readonly era?: "legacy" | "modern" | "auto";
  /** What the server gets besides PATH, HOME (a temporary one) and the like: the Inspector passes nothing else on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default `patienceMs`. */
  readonly deadlineMs?: number;
}

/** A server over streamable HTTP. */
export interface ServerUrl {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Starts the server by its command line, or goes to its URL; sends one request and gives the result as the server sent it. A tool's
 * `isError` result is one too. Throws with the Inspector's output when there is no result: a JSON-RPC error, or no server.
 */
export async function inspect(
  server: readonly string[] | ServerUrl,
  method: "tools/list" | "tools/call" | "resources/list" | "prompts/list",
  options: InspectOptions = {},
): Promise<unknown> {
  const { tool, era = "legacy", env = {}, cwd, deadlineMs } = options;
  await using home = await tempDir();
  const args = [launcher, "--cli", "--quiet", "--format", "json", "--protocol-era", era, "--method", method];
  if (tool) args.push("--tool-name", tool.name, "--tool-args-json", JSON.stringify(tool.arguments ?? {}));
  for (const [name, value] of Object.entries(env)) args.push("-e", `${name}=${value}`);
  if ("url" in server) {
    args.push("--transport", "http", "--server-url", server.url);
    for (const [name, value] of Object.entries(server.headers)) args.push("--header", `${name}: ${value}`);
  } else args.push("--", ...server);
  await using child = await startChild("node", args, {
    stdin: "ignore",
    env: { ...process.env, HOME: home.path, USERPROFILE: home.path },
    ...(cwd !== undefined && { cwd }),
  });
  const { stdout, stderr } = await child.exit(deadlineMs);
  const answer = parseAnswer(stdout);
  if (answer) return answer.result;
  throw new Error(`the Inspector has no result of ${method}: ${stderr.trim() || stdout.trim()}`);
}

function parseAnswer(stdout: string): { result: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === "object" && value !== null && "result" in value ? value : undefined;
  } catch {
    return undefined; // not JSON: no answer, and the caller shows what there was
  }
}
