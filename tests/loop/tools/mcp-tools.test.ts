import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../../../src/log.ts";
import { createLongOutputs } from "../../../src/loop/tools/long-output.ts";
import { type McpServerPlace, startMcpServers } from "../../../src/loop/tools/mcp-tools.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

const { signal } = new AbortController();

const tiny = (dir: TempDir, name = "tiny"): McpServerPlace => ({
  name,
  command: process.execPath,
  args: [join(import.meta.dirname, "../../support/tiny-mcp-server.ts")],
  env: { TINY_MCP_LOG: dir.join(`${name}.log`) },
});

const start = (dir: TempDir, servers: readonly McpServerPlace[], takenNames: readonly string[] = []) =>
  startMcpServers({
    ...{ servers, takenNames, cwd: dir.path, version: "0", log: silentLogger },
    outputs: createLongOutputs(() => 1_000),
    signal,
  });

test("startMcpServers() makes the tools of a server the loop's, and ends the server with the session", async () => {
  await using dir = await tempDir();
  const servers = await start(dir, [tiny(dir)]);
  const [note] = servers.tools;
  expect(note).toMatchObject({
    ...{ name: "note", description: "Keep a note.", isReading: false, server: "tiny" },
    parameters: { type: "object", required: ["text"] },
  });
  expect(await note?.run({ text: "milk" }, signal)).toEqual({ text: "noted: milk" });
  expect(await note?.run({ text: 1 }, signal)).toMatchObject({ isError: true });
  await servers[Symbol.asyncDispose]();
  await until("the server has seen the end", () =>
    readFileSync(dir.join("tiny.log"), "utf8").includes("stdin-end"),
  );
});

test("startMcpServers() calls a tool by its server, too, where its name is taken", async () => {
  await using dir = await tempDir();
  await using servers = await start(dir, [tiny(dir), tiny(dir, "other")], ["read_file"]);
  expect(servers.tools.map(({ name }) => name)).toEqual(["note", "other_note"]);
  expect(await servers.tools[1]?.run({ text: "b" }, signal)).toEqual({ text: "noted: b" });
});

test("startMcpServers() gives no two tools one name, also where the name with the server is taken", async () => {
  await using dir = await tempDir();
  await using servers = await start(dir, [tiny(dir), tiny(dir)], ["note", "tiny_note", "tiny_note_2"]);
  expect(servers.tools.map(({ name }) => name)).toEqual(["tiny_note_3", "tiny_note_4"]);
  expect(await servers.tools[1]?.run({ text: "b" }, signal)).toEqual({ text: "noted: b" });
});

test("startMcpServers() names the server that does not start, and ends the others", async () => {
  await using dir = await tempDir();
  const broken = { name: "broken", command: "no-such-program", args: [], env: {} };
  await expect(start(dir, [tiny(dir), broken])).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining('the MCP server "broken" does not start'),
    hint: "check that this runs by itself: no-such-program",
  });
  await until("the first one has ended", () =>
    readFileSync(dir.join("tiny.log"), "utf8").includes("stdin-end"),
  );
});
