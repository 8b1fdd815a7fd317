// Drives OpenCode.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { opencode } from "../../../src/agents/opencode/opencode.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import { prepareOpencode } from "../../support/opencode-cli.ts";
import type { CliDriver } from "../cli-driver.ts";
import { chatApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const both = {
  cli: opencode,
  profile: { permissions: "inbox", permission_mode: "ask" },
  route: "http-api",
  failures: chatApiFailures,
  // It shortens its conversation, and asks again, without end.
  outlasts: ["context"],
  startModel: startOpenaiChatServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const { command, args } = own.server;
    const other = { type: "local", command: [command, ...args], environment: own.serverEnv };
    const { work, env } = await prepareOpencode(dir, model, { config: { mcp: { other } } });
    const configDir = join(env.XDG_CONFIG_HOME ?? "", "opencode");
    const plugin = join(configDir, "plugin", "own.js");
    const hook = `async () => require("node:fs").writeFileSync(${JSON.stringify(own.hookRan)}, "")`;
    await mkdir(join(configDir, "plugin"), { recursive: true });
    await writeFile(plugin, `export const Own = async () => ({ "tool.execute.before": ${hook} });\n`);
    return {
      ...{ work, env, ownFiles: [join(configDir, "opencode.json"), plugin] },
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (command) => ({ toolUses: [{ name: "bash", input: { command, description: "as the test says" } }] }),
  question: (question, labels) => {
    const options = labels.map((label) => ({ label, description: label }));
    return {
      toolUses: [{ name: "question", input: { questions: [{ question, header: "Which", options }] } }],
    };
  },
  ownTool: (name, input) => ({ toolUses: [{ name: `cliai_${name}`, input }] }),
} as const satisfies Omit<CliDriver, "mode">;

export const opencodeHeadless: CliDriver = { ...both, mode: "headless" };
export const opencodeTerminal: CliDriver = { ...both, mode: "terminal" };
