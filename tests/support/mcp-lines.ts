// A minimal MCP client on the stdin and stdout of a bridge's process. Each message is one line of JSON-RPC.
import type { Child } from "./child.ts";

export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

/** The handshake; needed once before any call. */
export async function initialize(bridge: Child): Promise<void> {
  const clientInfo = { name: "test-cli", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  await request(bridge, 0, "initialize", params);
  bridge.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
}

/** @param id another one for each call of the same bridge */
export async function callTool(bridge: Child, id: number, name: string, args: object): Promise<ToolResult> {
  const result = await request(bridge, id, "tools/call", { name, arguments: args });
  const { content, isError = false } = result as { content: { text: string }[]; isError?: boolean };
  return { text: content.map(({ text }) => text).join("\n"), isError };
}

async function request(bridge: Child, id: number, method: string, params: object): Promise<unknown> {
  bridge.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  const line = await bridge.line(new RegExp(`^(?=.*"id":${id}[,}]).*"result"`));
  return (JSON.parse(line) as { result: unknown }).result;
}
