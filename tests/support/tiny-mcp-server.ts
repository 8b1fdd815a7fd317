// A real MCP stdio server with one tool, `note`, for testing the clients that the tests drive. Run as a program.
// It appends to the file of TINY_MCP_LOG: one JSON line for its start, each call, each signal and the end of its input.
import { appendFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";

function log(event: string, detail?: unknown): void {
  const path = process.env.TINY_MCP_LOG;
  if (path) appendFileSync(path, `${JSON.stringify({ at: Date.now(), event, detail })}\n`);
}

log("start", { pid: process.pid, session: process.env.CLAUDE_CODE_SESSION_ID });
// Signals are written down and survived, so that a test sees the client's whole way of ending a server.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => log(signal));
process.stdin.once("end", () => log("stdin-end"));

serveStdio(() => {
  const server = new McpServer({ name: "tiny", version: "1.0.0" });
  server.registerTool(
    "note",
    { description: "Keep a note.", inputSchema: toStandardJsonSchema(v.object({ text: v.string() })) },
    ({ text }) => {
      log("note", text);
      return { content: [{ type: "text", text: `noted: ${text}` }] };
    },
  );
  return server;
});
