// docs/mcp.md: its lines connect the real Claude Code and the real Codex, offline, by URL: as a person's assistant, and as an agent without cliai.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { claudePath } from "../support/claude-code.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { codexPath } from "../support/codex-cli.ts";
import { startOpenaiResponsesServer } from "../support/openai-responses-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/mcp.md"), "utf8");

/** The block of this kind in the section with this heading. */
function blockOf(heading: string, kind: string, words: string): string {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? "";
  const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return blocks.find(([, own, text = ""]) => own === kind && text.includes(words))?.[2] ?? "";
}

async function tokensOf(serve: RunningServe) {
  const add = async (...args: string[]) => (await serve.run(["token", "add", ...args])).stdout.trim();
  await serve.run(["agents", "add", "ada"]);
  return { operator: await add("assistant", "--scope", "mcp"), agent: await add("far", "--agent", "ada") };
}

/** Waits until the fleet shows the agent with this client. */
async function untilShown(serve: RunningServe, client: string): Promise<void> {
  const shown = () => fetchAgent(serve, "ada");
  const isShown = async () => (await shown()).cli?.startsWith(client);
  await waitFor(isShown, { what: `the fleet shows ${client}`, saw: shown });
}

const here = (text: string, serve: RunningServe) =>
  text.replace("http://127.0.0.1:3000", serve.url).replace("https://NAME:3000", serve.url);
const sections = ["2. The lines for it", "Agents on other machines"] as const;

test("Claude Code", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  const tokens = await tokensOf(serve);
  const env = {
    ...{ PATH: process.env.PATH, HOME: dir.path, LANG: "C.UTF-8" },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  };
  const claude = async (args: readonly string[]) => {
    await using child = await startChild(claudePath(), args, { cwd: dir.path, env, stdin: "ignore" });
    return await child.exit(90_000);
  };
  for (const [section, token] of [
    [sections[0], tokens.operator],
    [sections[1], tokens.agent],
  ] as const) {
    const line = here(blockOf(section, "sh", "claude mcp add"), serve)
      .trim()
      .replace("TOKEN", token);
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
    expect(words[0]).toBe("claude");
    expect(await claude(words.slice(1))).toMatchObject({ code: 0 });
  }
  const { code, stdout } = await claude(["mcp", "list"]);
  expect([code, stdout.match(/[✓✔] Connected/g)?.length]).toEqual([0, 2]);
  await untilShown(serve, "claude-code");
});

test("Codex", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using responses = await startOpenaiResponsesServer();
  const tokens = await tokensOf(serve);
  const model = `model = "scripted"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "${responses.url}"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
`;
  const blocks = sections.map((section) => here(blockOf(section, "toml", "url ="), serve));
  await mkdir(join(dir.path, ".codex"));
  await writeFile(join(dir.path, ".codex/config.toml"), model + blocks.join(""));
  const env = {
    ...{ PATH: process.env.PATH, HOME: dir.path, LANG: "C.UTF-8", SCRIPTED_KEY: "dummy" },
    ...{ CLIAI_FLEET_TOKEN: tokens.operator, CLIAI_AGENT_TOKEN: tokens.agent },
  };
  const args = ["exec", "--skip-git-repo-check", "say hi"];
  await using child = await startChild(codexPath(), args, { cwd: dir.path, env, stdin: "ignore" });
  const { code, stdout, stderr } = await child.exit(90_000);
  expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
  const asked = await responses.waitForRequest(
    ({ body }) => JSON.stringify(body.tools).includes("show_request"),
    {
      what: "the tools of the operator",
    },
  );
  expect(JSON.stringify(asked.body.tools)).toContain("check_inbox");
  await untilShown(serve, "codex-mcp-client");
});
