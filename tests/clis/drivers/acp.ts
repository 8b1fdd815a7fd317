// Drives the agent CLIs that speak ACP and have no terminal with cliai.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copilot } from "../../../src/agents/acp/agents/copilot.ts";
import { gemini } from "../../../src/agents/acp/agents/gemini.ts";
import { prepareCopilot, prepareGemini } from "../../support/acp-clis.ts";
import { startGeminiApiServer } from "../../support/gemini-api-server.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { ownSettings } from "../own-settings.ts";

const speaksAcp = { mode: "headless", route: "acp", profile: {} } as const;

/** Of a CLI that has no such tool over ACP. */
const noQuestion = (question: string) => ({ toolUses: [{ name: "ask_user", input: { question } }] });

export const geminiHeadless: CliDriver = {
  ...speaksAcp,
  cli: gemini,
  // A session that is resumed in the minute in which it began overwrites its file.
  keepsSessionAfterMs: 61_000,
  startModel: startGeminiApiServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const settings = {
      mcpServers: { other: { ...own.server, env: own.serverEnv } },
      // It calls no hook before a tool over ACP.
      hooks: { BeforeModel: [{ matcher: "*", hooks: [{ type: "command", command: own.hook }] }] },
    };
    const { work, env } = await prepareGemini(dir, model, settings);
    return {
      ...{ work, env, ownFiles: [dir.join("home", ".gemini", "settings.json")] },
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (command) => ({
    toolUses: [{ name: "run_shell_command", input: { command, description: "as the test says" } }],
  }),
  question: noQuestion,
  ownTool: (name, input) => ({ toolUses: [{ name: `mcp_cliai_${name}`, input }] }),
};

export const copilotHeadless: CliDriver = {
  ...speaksAcp,
  cli: copilot,
  startModel: startOpenaiChatServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const { work, env } = await prepareCopilot(dir, model);
    const path = join(env.COPILOT_HOME ?? "", "mcp-config.json");
    const other = { type: "local", tools: ["*"], ...own.server, env: own.serverEnv };
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify({ mcpServers: { other } }));
    return { work, env, ownFiles: [path], ownSigns: [own.serverRan] };
  },
  shell: (command) => ({ toolUses: [{ name: "bash", input: { command, description: "as the test says" } }] }),
  question: noQuestion,
  ownTool: (name, input) => ({ toolUses: [{ name: `cliai-${name}`, input }] }),
};
