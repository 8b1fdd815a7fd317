// An agent CLI that `spawn` launches in the place of a real one: writes down its arguments, its environment and its MCP
// traffic, uses its MCP server as any CLI does, and ends when it is told to.
// `bun recording-cli.ts DIR …` writes DIR/cli.json and DIR/mcp.log. It makes DIR/ready when it has done its work, and ends once DIR/end is there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

interface McpServers {
  readonly mcpServers: Record<string, { command: string; args: string[]; env: Record<string, string> }>;
}

const [dir = "", ...args] = process.argv.slice(2);
const mcpConfig = args[args.indexOf("--mcp-config") + 1] ?? "";
const [server] = Object.values((JSON.parse(readFileSync(mcpConfig, "utf8")) as McpServers).mcpServers);
if (server === undefined) throw new Error(`no server in ${mcpConfig}`);
const bridge = spawn(server.command, server.args, {
  env: { ...process.env, ...server.env },
  stdio: ["pipe", "pipe", "pipe"],
});
writeFileSync(
  join(dir, "cli.json"),
  JSON.stringify({
    pid: process.pid,
    bridgePid: bridge.pid,
    args,
    env: process.env,
    bridgeArgs: server.args,
  }),
);
bridge.stderr.on("data", (data: Buffer) => appendFileSync(join(dir, "mcp.log"), data));
const lines = createInterface({ input: bridge.stdout });

async function ask(id: number, method: string, params: object): Promise<void> {
  const message = JSON.stringify({ jsonrpc: "2.0", id, method, params });
  appendFileSync(join(dir, "mcp.log"), `${message}\n`);
  bridge.stdin.write(`${message}\n`);
  for (;;) {
    const [line] = (await once(lines, "line")) as [string];
    appendFileSync(join(dir, "mcp.log"), `${line}\n`);
    if ((JSON.parse(line) as { id?: number }).id === id) return;
  }
}

await ask(0, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "recording", version: "1" },
});
bridge.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
await ask(1, "tools/list", {});
await ask(2, "tools/call", { name: "report_status", arguments: { status: "working", current_task: "dig" } });
await ask(3, "tools/call", { name: "check_inbox", arguments: {} });
await ask(4, "tools/call", { name: "no_such_tool", arguments: {} });
writeFileSync(join(dir, "ready"), "");
while (!existsSync(join(dir, "end"))) await delay(50);
bridge.stdin.end();
await once(bridge, "close");
