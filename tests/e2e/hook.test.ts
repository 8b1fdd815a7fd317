// `cliai hook` as an agent's CLI calls it: whatever it is given, it never says by accident that the CLI shall not go on.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import type { Turn } from "../support/model-answer.ts";
import { startModelServer } from "../support/model-server.ts";
import { startSteered } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";

async function runHook(args: readonly string[], input: string | Uint8Array) {
  const [program = "", ...words] = cliaiCommand();
  await using child = await startChild(program, [...words, "hook", ...args], {
    env: { PATH: process.env.PATH ?? "" },
  });
  child.write(input);
  child.endInput();
  return await child.exit();
}

test("input that is large, or not UTF-8, is handed on as far as it goes, and the answer comes back", async () => {
  await using dir = await tempDir();
  const bodies: string[] = [];
  await using host = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      bodies.push(await request.text());
      return Response.json({ decision: "block", reason: "not yet" });
    },
  });
  const config = dir.join("mcp.json");
  const env = { CLIAI_SESSION_URL: `http://127.0.0.1:${host.port}`, CLIAI_SESSION_TOKEN: "secret" };
  await writeFile(config, JSON.stringify({ mcpServers: { cliai: { env } } }));
  const large = JSON.stringify({
    hook_event_name: "PostToolUse",
    tool_response: "x".repeat(9 * 1_024 ** 2),
    last: 1,
  });
  const foreign = new Uint8Array([
    ...new TextEncoder().encode('{"hook_event_name":"Stop","a":"'),
    0xff,
    0x22,
    0x7d,
  ]);
  for (const input of [large, foreign]) {
    const { code, stdout } = await runHook(["--mcp-config", config], input);
    expect({ code, answer: JSON.parse(stdout) }).toEqual({
      code: 0,
      answer: { decision: "block", reason: "not yet" },
    });
  }
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ hook_event_name: "PostToolUse", last: 1 });
  expect(JSON.parse(bodies[1] ?? "")).toEqual({ hook_event_name: "Stop", a: "\ufffd" });
  await runHook(["--mcp-config", config, "--event", "agentStop"], '{"sessionId":"s-1"}');
  expect(JSON.parse(bodies[2] ?? "")).toEqual({ sessionId: "s-1", hook_event_name: "agentStop" });
});

test("neither a host that is gone, nor a wrong call of it, ends with the code by which a hook blocks", async () => {
  await using dir = await tempDir();
  const calls = [["--mcp-config", dir.join("nowhere.json")], [], ["--no-such-flag"]];
  for (const args of calls) expect((await runHook(args, "{}")).code ?? 2).toBeLessThan(2);
});

test("a host that is gone, or that cannot read the hook, is answered for by what --without-host says", async () => {
  await using dir = await tempDir();
  await using host = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    fetch: () => Response.json({ error: "this is not a hook" }, { status: 400 }),
  });
  const config = dir.join("mcp.json");
  const env = { CLIAI_SESSION_URL: `http://127.0.0.1:${host.port}`, CLIAI_SESSION_TOKEN: "secret" };
  await writeFile(config, JSON.stringify({ mcpServers: { cliai: { env } } }));
  for (const path of [config, dir.join("nowhere.json")]) {
    const args = ["--mcp-config", path];
    expect(await runHook(args, "{}")).toMatchObject({ code: 0, stdout: "" });
    const answered = await runHook([...args, "--without-host", '{"no":true}'], "{}");
    expect(answered).toMatchObject({ code: 0, stdout: '{"no":true}\n' });
  }
});

test("a tool's result of more than 8 MB: the real CLI's hook is told, and the turn goes on", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const claudeArgs = ["--allowedTools", "Read", "Edit"];
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  const file_path = `${ada.cwd}/large.txt`;
  await writeFile(file_path, `first line\n${`${"x".repeat(99)}\n`.repeat(95_000)}`);
  const use = (name: string, input: object): Turn => ({
    toolUses: [{ name, input: { file_path, ...input } }],
  });
  model.setScript({
    turns: [use("Read", { limit: 2 }), use("Edit", { old_string: "first line", new_string: "the first" })],
  });
  await ada.terminal.enter("change the first line");
  await ada.until("its turn is over", ({ axes }) => axes.activity.reason === "its turn ended");
  expect((await Bun.file(file_path).text()).startsWith("the first")).toBe(true);
  const { stdout } = await serve.run(["audit", "--agent", "ada", "--json"]);
  const events = stdout
    .split("\n")
    .filter((line) => line.includes('"tool_'))
    .map((line) => `${/"kind":"(tool_\w+)"/.exec(line)?.[1]} ${/"tool":"(\w+)"/.exec(line)?.[1]}`);
  expect(events).toEqual(["tool_start Read", "tool_end Read", "tool_start Edit", "tool_end Edit"]);
});
