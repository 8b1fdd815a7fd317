// Drives Qwen Code.
import { qwen } from "../../../src/agents/qwen/qwen.ts";
import { prepareQwen } from "../../support/acp-clis.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { chatApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const both = {
  cli: qwen,
  profile: { permissions: "inbox" },
  failures: chatApiFailures,
  hidesRetries: true,
  // Seven times and more, in minutes.
  outlasts: ["usage_limit", "overloaded"],
  startModel: startOpenaiChatServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const settings = {
      // Qwen Code writes a file without its version anew.
      $version: 4,
      general: { enableAutoUpdate: false },
      ui: { enableFollowupSuggestions: false },
      mcpServers: { other: { ...own.server, env: own.serverEnv } },
      hooks: { PreToolUse: [{ matcher: "*", hooks: [{ type: "command", command: own.hook }] }] },
    };
    const { work, env } = await prepareQwen(dir, model, settings);
    return {
      ...{ work, env, ownFiles: [dir.join("home", ".qwen", "settings.json")] },
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (command) => ({
    toolUses: [{ name: "run_shell_command", input: { command, description: "d", is_background: false } }],
  }),
  question: (question, labels) => {
    const options = labels.map((label) => ({ label, description: label }));
    const input = { questions: [{ question, header: "Which", options }] };
    return { toolUses: [{ name: "ask_user_question", input }] };
  },
  ownTool: (name, input) => ({ toolUses: [{ name: `mcp__cliai__${name}`, input }] }),
} as const satisfies Omit<CliDriver, "mode" | "route">;

export const qwenHeadless: CliDriver = { ...both, mode: "headless", route: "acp" };
export const qwenTerminal: CliDriver = {
  ...both,
  mode: "terminal",
  route: "input-file",
  refusalLeavesTask: true,
};
