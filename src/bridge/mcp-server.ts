// Offers the agent's tools as an MCP server, for both protocol versions. `src/domain/wire/tools/tools.ts` lists the tools, `ToolCaller` sends
// a call to the server, `stdio-transport.ts` reads and writes lines.
import { McpServer, type ServerContext } from "@modelcontextprotocol/server";
import type { ToolCaller } from "../agent-link/tool-call.ts";
import { parseTraceparent, traceHeader } from "../domain/trace/trace-context.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import type { ToolDefinition } from "../domain/wire/tools/tool-definition.ts";
import { toolNamesFor } from "../domain/wire/tools/tool-rules.ts";
import { tools } from "../domain/wire/tools/tools.ts";
import { toolInputSchema } from "../mcp/tool-schema.ts";

export interface McpServerOptions {
  readonly id: AgentId;
  /** Decides which tools the agent is shown. The server decides which it may call. */
  readonly role: Role;
  readonly version: string;
  readonly call: ToolCaller;
  /** How often a waiting call sends progress to a client that asked for it. */
  readonly progressEveryMs: number;
}

/** One server speaks one protocol version; `serveStdio` makes one or two for a connection. */
export function createMcpServer({ id, role, version, call, progressEveryMs }: McpServerOptions): McpServer {
  const server = new McpServer(
    { name: "cliai", version },
    { instructions: instructionsFor(id, role), capabilities: { tools: { listChanged: false } } },
  );
  for (const name of toolNamesFor(role)) {
    const { description, schema, annotations }: ToolDefinition = tools[name];
    server.registerTool(
      name,
      { description, annotations, inputSchema: toolInputSchema(schema) },
      async (args, context) => {
        const stopProgress = reportProgress(context, progressEveryMs);
        try {
          const { signal, _meta } = context.mcpReq;
          const trace = parseTraceparent(_meta?.[traceHeader]);
          const given = args as Record<string, unknown>;
          const { text, isError } = await call(name, given, signal, undefined, trace);
          return { content: [{ type: "text", text }], ...(isError ? { isError } : {}) };
        } finally {
          stopProgress();
        }
      },
    );
  }
  return server;
}

function instructionsFor(id: AgentId, role: Role): string {
  const lead =
    role === "captain"
      ? "\nYou are its captain: other agents' requests reach your inbox; decide each, or escalate it to the people."
      : "";
  return `You are the agent ${id} of a fleet that a person watches and steers through these tools.${lead}
Call report_status when you begin, finish, wait or are blocked: people know what you do only from your reports.
Call check_inbox between steps, and when a result says that something waits; then acknowledge each command.
Ask with ask_human what only a person can decide; before you stop for good, call request_stop_approval.
If a tool cannot reach the server, go on with your work.`;
}

/** Sends progress every `everyMs`, if the client gave a progress token. Returns a function that ends it. */
function reportProgress({ mcpReq }: ServerContext, everyMs: number): () => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  const timer = setInterval(() => {
    progress += 1;
    const message = `waiting for cliai serve for ${Math.round((progress * everyMs) / 1_000)} s`;
    mcpReq
      .notify({ method: "notifications/progress", params: { progressToken, progress, message } })
      .catch(() => undefined); // the client is gone, and the call's own signal ends the call
  }, everyMs);
  return () => clearInterval(timer);
}
