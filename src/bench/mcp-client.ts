// A minimal MCP client over a child's stdio, so that as little as possible is measured besides the bridge.
import type { BenchChild } from "./child.ts";

const protocolVersion = "2025-11-25";

export interface McpClient {
  /** Resolves to the server's answer, which may also be an error. The caller has to check it. */
  callTool(name: string, args: object): Promise<string>;
}

/** Does the handshake. Resolves when `initialize` is answered. */
export async function initializeMcp(child: BenchChild, deadlineMs?: number): Promise<McpClient> {
  let id = 0;
  const request = async (method: string, params: object) => {
    id += 1;
    child.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return await answerTo(child, id, deadlineMs);
  };
  const clientInfo = { name: "cliai-bench", version: "1" };
  await request("initialize", { protocolVersion, capabilities: {}, clientInfo });
  child.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
  return { callTool: (name, args) => request("tools/call", { name, arguments: args }) };
}

/** Skips the server's other lines, such as notifications. */
async function answerTo(child: BenchChild, id: number, deadlineMs: number | undefined): Promise<string> {
  const mark = new RegExp(`"id":${id}[,}]`);
  for (;;) {
    const line = await child.nextLine(deadlineMs);
    if (mark.test(line)) return line;
  }
}

/** The line of a tool call, for the echo program, which only sends it back. */
export function toolCallLine(name: string, args: object): string {
  const params = { name, arguments: args };
  return `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`;
}
