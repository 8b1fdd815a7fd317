// The MCP SDK with one tool and nothing of ours. The bench compiles it, as the limit for a bridge's start and memory.
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";

serveStdio(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool(
    "note",
    { description: "Keep a note.", inputSchema: toStandardJsonSchema(v.object({ text: v.string() })) },
    ({ text }) => ({ content: [{ type: "text", text }] }),
  );
  return server;
});
