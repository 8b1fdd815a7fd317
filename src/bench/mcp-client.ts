// An MCP client by hand, over a child's stdio: as little as there can be between the clock and the bridge.
import type { BenchChild } from "./child.ts";

const protocolVersion = "2025-11-25";

export interface McpClient {
  /** Resolves when the server has answered; whether it could do it or not is the caller's to see. */
  callTool(name: string, args: object): Promise<string>;
}

/** The handshake. Resolves when `initialize` is answered. */
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

/** What else the server says, such as notifications, is passed over. */
async function answerTo(child: BenchChild, id: number, deadlineMs: number | undefined): Promise<string> {
  const mark = new RegExp(`"id":${id}[,}]`);
  for (;;) {
    const line = await child.nextLine(deadlineMs);
    if (mark.test(line)) return line;
  }
}

/** The very line that a tool call is, for an echo that only sends it back. */
export function toolCallLine(name: string, args: object): string {
  const params = { name, arguments: args };
  return `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`;
}
