// What a launch of Codex says, and what the real Codex makes of it beside the user's own settings.
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import type { AgentLaunch } from "../../../src/agents/agent-launch.ts";
import { createCodexClient } from "../../../src/agents/codex/app-server/codex-client.ts";
import { buildArgs, readConfig, threadParams } from "../../../src/agents/codex/codex-launch.ts";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";
import { mostWaitS } from "../../../src/domain/wire/tools/tool-definition.ts";
import { callTimeoutMs } from "../../../src/domain/wire/tools/tool-rules.ts";
import { silentLogger } from "../../../src/log.ts";
import { codexPath, prepareCodex } from "../../support/codex-cli.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { silentPipes } from "../silent-pipes.ts";
import { openSession } from "./opened-session.ts";

const { launch } = silentPipes();
const paramsOf = (more: Partial<AgentLaunch>, config = {}) =>
  threadParams({ ...launch, ...more }, readConfig({ config }), undefined) as Record<string, unknown>;

test.each([
  [{ asksPermissions: false }, {}, undefined],
  [{ asksPermissions: true }, {}, "on-request"],
  [{ asksPermissions: true }, { approval_policy: "never" }, "on-request"],
  [{ asksPermissions: true }, { approval_policy: { granular: { rules: true } } }, undefined],
  [{ asksPermissions: false }, { approval_policy: "never" }, undefined],
])("threadParams() for %j beside %j asks %p", (more, config, policy) => {
  expect(paramsOf(more, config).approvalPolicy).toBe(policy);
});

test("threadParams() turns the user's MCP servers off only with strictMcp", () => {
  const config = { mcp_servers: { other: {}, cliai: {} } };
  const serversOf = (strictMcp: boolean) =>
    (paramsOf({ strictMcp }, config).config as { mcp_servers: Record<string, unknown> }).mcp_servers;
  expect(Object.keys(serversOf(false))).toEqual(["cliai"]);
  expect(serversOf(true)).toMatchObject({ other: { enabled: false }, cliai: { required: true } });
});

test("threadParams() lets a question of the agent wait for as long as it may, which is longer than Codex lets a call of a tool take", () => {
  const { config } = paramsOf({}) as { config: { mcp_servers: { cliai: { tool_timeout_sec: number } } } };
  const longestMs = callTimeoutMs("ask_human", { wait_s: mostWaitS });
  expect(config.mcp_servers.cliai.tool_timeout_sec * 1_000).toBeGreaterThanOrEqual(longestMs);
});

test("buildArgs() passes arguments on, gives the hook the host's time, and refuses allowed_tools with a hint", () => {
  const [server, option, hook, ...passedOn] = buildArgs({ ...launch, passedOn: ["--enable", "x"] });
  expect([server, option, ...passedOn]).toEqual(["app-server", "-c", "--enable", "x"]);
  expect(hook).toStartWith(
    'hooks.PreToolUse=[{hooks=[{type="command",command="cliai hook --without-host \'{',
  );
  expect(hook).toEndWith(",timeout=60}]}]");
  expect(() => buildArgs({ ...launch, allowedTools: ["git status"] })).toThrow("git status");
});

test("the user's own settings stay as they are, byte for byte: the hooks run that the user trusts, no other, and the MCP servers are there", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("log"));
  const hookOf = (name: string) => [
    "[[hooks.PreToolUse]]",
    "[[hooks.PreToolUse.hooks]]",
    'type = "command"',
    `command = ${JSON.stringify(`cat > '${dir.join("log", name)}'`)}`,
  ];
  const tables = [
    ...hookOf("trusted"),
    ...hookOf("untrusted"),
    "[mcp_servers.other]",
    `command = ${JSON.stringify(process.execPath)}`,
    `args = [${JSON.stringify(dir.join("tiny.mjs"))}]`,
  ];
  const [trusted] = await hooksOf(dir, tables);
  const trust = [
    `[hooks.state.${JSON.stringify(trusted?.key)}]`,
    `trusted_hash = ${JSON.stringify(trusted?.currentHash)}`,
  ];
  await using opened = await openSession({
    dir,
    tables: [...tables, ...trust],
    script: { turns: [{ toolUses: [{ name: "exec_command", input: { cmd: "true" } }] }] },
  });
  const config = dir.join("home", "codex", "config.toml");
  const before = await readFile(config);
  await opened.session.say("work");
  await opened.result(1);
  expect(opened.told.hooks.map(({ facts }) => facts.kind)).toContain("tool_start");
  expect(existsSync(dir.join("log", "trusted"))).toBe(true);
  expect(existsSync(dir.join("log", "untrusted"))).toBe(false);
  const offered = opened.model.requests[0]?.body.tools.map(({ name }) => name);
  expect(offered).toContain("mcp__other");
  expect(offered).toContain("mcp__cliai");
  expect(await readFile(config)).toEqual(before);
});

test("with strictMcp, the user's MCP servers are not there", async () => {
  await using dir = await tempDir();
  const args = [dir.join("tiny.mjs")];
  const tables = [
    "[mcp_servers.other]",
    `command = ${JSON.stringify(process.execPath)}`,
    `args = ${JSON.stringify(args)}`,
  ];
  await using opened = await openSession({ dir, tables, launch: { strictMcp: true } });
  await opened.session.say("work");
  await opened.result(1);
  const offered = opened.model.requests[0]?.body.tools.map(({ name }) => name);
  expect(offered).toContain("mcp__cliai");
  expect(offered).not.toContain("mcp__other");
});

/** The hooks of the user's own settings, as Codex lists them. */
async function hooksOf(
  dir: { join(...names: string[]): string },
  tables: readonly string[],
): Promise<readonly { readonly key: string; readonly currentHash: string }[]> {
  const { work, env } = await prepareCodex(dir, { url: "http://127.0.0.1:9" }, { tables });
  const child = spawn(codexPath(), ["app-server"], { cwd: work, env, stdio: ["pipe", "pipe", "ignore"] });
  try {
    const nothing = () => undefined;
    const client = createCodexClient({
      ...{ onNotification: nothing, onRequest: nothing, log: silentLogger },
      send: (text) => void child.stdin.write(`${text}\n`),
    });
    const lines = createLineSplitter();
    child.stdout.setEncoding("utf8").on("data", (part: string) => lines.push(part).forEach(client.take));
    await client.call("initialize", { clientInfo: { name: "test", title: "test", version: "1" } });
    client.notify("initialized");
    const list = (await client.call("hooks/list", { cwds: [work] })) as {
      readonly data: readonly { readonly hooks: readonly { key: string; currentHash: string }[] }[];
    };
    return list.data.flatMap(({ hooks }) => hooks);
  } finally {
    child.kill("SIGTERM");
  }
}
