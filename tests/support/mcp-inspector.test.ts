import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "./mcp-inspector.ts";
import { tempDir } from "./temp-dir.ts";

const server = [process.execPath, join(import.meta.dirname, "tiny-mcp-server.ts")];

test("inspect() lists a server's tools in both protocol eras", async () => {
  for (const era of ["legacy", "modern"] as const) {
    expect(await inspect(server, "tools/list", { era })).toMatchObject({ tools: [{ name: "note" }] });
  }
});

test("inspect() calls a tool with its arguments unaltered, and hands the server its environment", async () => {
  await using dir = await tempDir();
  const text = `a=b "c" {d} --e`;
  const env = { TINY_MCP_LOG: dir.join("log") };
  const result = await inspect(server, "tools/call", { tool: { name: "note", arguments: { text } }, env });
  expect(result).toEqual({ content: [{ type: "text", text: `noted: ${text}` }] });
  expect(await readFile(dir.join("log"), "utf8")).toContain(JSON.stringify(text));
});

test("inspect() gives an isError result as a result, and throws when there is none", async () => {
  expect(await inspect(server, "tools/call", { tool: { name: "note" } })).toMatchObject({ isError: true });
  await expect(inspect(server, "tools/call", { tool: { name: "nope" } })).rejects.toThrow("nope");
  await expect(inspect([process.execPath, "/nowhere.ts"], "tools/list")).rejects.toThrow("tools/list");
});
