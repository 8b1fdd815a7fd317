// Drives cliai's own loop, on a model server of the test.
import { mkdir } from "node:fs/promises";
import { local } from "../../../src/agents/local/local.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { chatApiFailures } from "../model-failures.ts";

export const localHeadless: CliDriver = {
  cli: local,
  mode: "headless",
  route: "acp",
  profile: {},
  failures: chatApiFailures,
  outlasts: ["usage_limit", "overloaded"],
  startModel: startOpenaiChatServer,
  async prepare(dir) {
    const [work, home] = [dir.join("work"), dir.join("home")];
    for (const path of [work, home]) await mkdir(path, { recursive: true });
    // It has no settings of a user's own.
    return { work, env: { PATH: process.env.PATH ?? "", HOME: home }, ownFiles: [], ownSigns: [] };
  },
  spawnArgs: ({ url }) => ["--model-server", url, "--model", "tiny"],
  shell: (line) => ({
    toolUses: [{ name: "run_command", input: { command: ["sh", "-c", line] } }],
  }),
  question: (question, choices) => ({ toolUses: [{ name: "ask_human", input: { question, choices } }] }),
  ownTool: (name, input) => ({ toolUses: [{ name, input }] }),
};
