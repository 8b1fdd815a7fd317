// docs/agents-by-hand.md: each of its lines makes the real CLI, offline, an agent of the fleet.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { claudePath } from "../support/claude-code.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { codexPath } from "../support/codex-cli.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { startOpenaiResponsesServer } from "../support/openai-responses-server.ts";
import { opencodePath } from "../support/opencode-cli.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/agents-by-hand.md"), "utf8");
const modules = join(root, "node_modules");

/** The block of the section whose heading begins with the CLI's name. */
function blockOf(heading: string): { kind: string; text: string } {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? "";
  const [, kind = "", text = ""] = /^```(\w+)\n([\s\S]*?)^```$/m.exec(section) ?? [];
  return { kind, text };
}

interface ByHand {
  readonly heading: string;
  readonly program: string;
  readonly path: string;
  /** What it calls itself as an MCP client. */
  readonly client: string;
  /** Where the block belongs, below the home; a block of `sh` is run. */
  readonly file?: string;
  /** Makes it start its MCP servers. */
  readonly start: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const clis: readonly ByHand[] = [
  {
    ...{ heading: "Claude Code", program: "claude", path: claudePath(), client: "claude-code" },
    start: ["mcp", "list"],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  },
  {
    ...{ heading: "Codex", program: "codex", path: codexPath(), client: "codex-mcp-client" },
    file: ".codex/config.toml",
    start: ["exec", "--skip-git-repo-check", "say hi"],
    env: { SCRIPTED_KEY: "dummy" },
  },
  {
    ...{ heading: "OpenCode", program: "opencode", path: opencodePath(), client: "opencode" },
    file: ".config/opencode/opencode.json",
    start: ["mcp", "list"],
    env: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
  },
  {
    ...{ heading: "Qwen Code", program: "qwen", client: "mcp-test-client" },
    path: join(modules, "@qwen-code/qwen-code/cli-entry.js"),
    start: ["mcp", "list"],
  },
  {
    ...{ heading: "Gemini CLI", program: "gemini", client: "mcp-test-client" },
    path: join(modules, "@google/gemini-cli/bundle/gemini.js"),
    start: ["mcp", "list"],
    env: { GEMINI_CLI_TRUST_WORKSPACE: "true", GEMINI_CLI_NO_RELAUNCH: "true" },
  },
  {
    ...{ heading: "Copilot CLI", program: "copilot", client: "copilot" },
    path: join(modules, "@github/copilot/npm-loader.js"),
    start: ["-p", "say hi", "--allow-tool", "cliai"],
    env: { COPILOT_OFFLINE: "true", COPILOT_MODEL: "model-1", COPILOT_AUTO_UPDATE: "false" },
  },
];

test.each(clis)("$heading", async ({ heading, program, path, client, file, start, env: more }) => {
  await using dir = await tempDir();
  const [home, bin, work] = [dir.join("home"), dir.join("bin"), dir.join("work")];
  await Promise.all([home, bin, work].map((each) => mkdir(each, { recursive: true })));
  await symlink(path, join(bin, program));
  const [cliai, ...first] = cliaiCommand();
  const script = [cliai, ...first].map((word) => `'${word}'`).join(" ");
  await writeFile(join(bin, "cliai"), `#!/bin/sh\nexec ${script} "$@"\n`, { mode: 0o700 });
  // Where cliai looks by itself, because the lines name no other data directory.
  const dataDir = join(home, ".local/share/cliai");
  await using serve = await startServe({ dataDir });
  await using chat = await startOpenaiChatServer({
    turns: [{ toolUses: [{ name: "cliai-report_status", input: { status: "working" } }] }],
  });
  await using responses = await startOpenaiResponsesServer();
  const env = {
    ...{ PATH: [bin, process.env.PATH].join(delimiter), HOME: home, LANG: "C.UTF-8", TERM: "xterm-256color" },
    ...{ COPILOT_PROVIDER_BASE_URL: chat.url, COPILOT_PROVIDER_API_KEY: "dummy", CLIAI_NO_START: "1" },
    ...more,
  };
  const run = async (words: readonly string[]) => {
    const [command = "", ...args] = words;
    await using child = await startChild(command, args, { cwd: work, env, stdin: "ignore" });
    return await child.exit(90_000);
  };
  expect((await serve.run(["agents", "add", "ada"])).code).toBe(0);

  const { kind, text } = blockOf(heading);
  if (file === undefined) {
    expect(kind).toBe("sh");
    for (const line of text.trim().split("\n")) expect(await run(line.split(" "))).toMatchObject({ code: 0 });
  } else {
    const model = `model = "scripted"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "${responses.url}"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
`;
    await mkdir(dirname(join(home, file)), { recursive: true });
    await writeFile(join(home, file), kind === "toml" ? model + text : text);
  }
  // A CLI that only looks whether the server answers may end it before that has connected: so again.
  const look = async () => {
    const { code, stdout, stderr } = await run([program, ...start]);
    expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
    if (start.includes("list")) expect(stdout + stderr).toMatch(/[✓✔]/);
    return await fetchAgent(serve, "ada").catch(() => undefined);
  };
  const agent = await waitFor(look, { what: "the fleet has the agent", deadlineMs: 90_000 });
  expect(agent.cli).toStartWith(client);
  expect(page).toContain(`## ${heading} ${pinnedVersion(path)}`);
});

/** Of the package that the program belongs to. */
function pinnedVersion(path: string): string {
  const [, name = ""] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  const { version } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
  return String(version).replace(/-(linux|darwin|win32).*$/, "");
}
