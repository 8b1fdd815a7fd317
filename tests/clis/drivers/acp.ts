// Drives the agent CLIs that speak ACP and have no terminal with cliai.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copilot } from "../../../src/agents/acp/agents/copilot.ts";
import { gemini } from "../../../src/agents/acp/agents/gemini.ts";
import { prepareCopilot, prepareGemini } from "../../support/acp-clis.ts";
import { startGeminiApiServer } from "../../support/gemini-api-server.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { chatApiFailures, geminiApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const speaksAcp = { mode: "headless", route: "acp", profile: {} } as const;

/** Of a CLI that has no such tool over ACP. */
const noQuestion = (question: string) => ({ toolUses: [{ name: "ask_user", input: { question } }] });

export const geminiHeadless: CliDriver = {
  ...speaksAcp,
  cli: gemini,
  // A session that is resumed in the minute in which it began overwrites its file.
  keepsSessionAfterMs: 61_000,
  failures: geminiApiFailures,
  hidesRetries: true,
  startModel: startGeminiApiServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const settings = {
      // Of ten tries the last ones come minutes later.
      general: { enableAutoUpdate: false, maxAttempts: 3 },
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
  failures: chatApiFailures,
  hidesRetries: true,
  startModel: startOpenaiChatServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const { work, env } = await prepareCopilot(dir, model);
    const home = env.COPILOT_HOME ?? "";
    const other = { type: "local", tools: ["*"], ...own.server, env: own.serverEnv };
    const files = {
      [join(home, "mcp-config.json")]: { mcpServers: { other } },
      [join(home, "hooks", "own.json")]: {
        version: 1,
        hooks: { preToolUse: [{ type: "command", bash: own.hook, timeoutSec: 30 }] },
      },
    };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, JSON.stringify(content));
    }
    return {
      ...{ work, env, ownFiles: Object.keys(files) },
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (command) => ({ toolUses: [{ name: "bash", input: { command, description: "as the test says" } }] }),
  question: noQuestion,
  ownTool: (name, input) => ({ toolUses: [{ name: `cliai-${name}`, input }] }),
};
