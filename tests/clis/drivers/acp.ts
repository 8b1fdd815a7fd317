// Drives Gemini CLI, which speaks ACP and has no terminal with cliai.
import { gemini } from "../../../src/agents/acp/agents/gemini.ts";
import { prepareGemini } from "../../support/acp-clis.ts";
import { startGeminiApiServer } from "../../support/gemini-api-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { geminiApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

export const geminiHeadless: CliDriver = {
  ...{ cli: gemini, mode: "headless", route: "acp", profile: {} },
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
  // It has no such tool over ACP.
  question: (question) => ({ toolUses: [{ name: "ask_user", input: { question } }] }),
  ownTool: (name, input) => ({ toolUses: [{ name: `mcp_cliai_${name}`, input }] }),
};
