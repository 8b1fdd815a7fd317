// Drives Copilot CLI.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copilot } from "../../../src/agents/copilot/copilot.ts";
import { prepareCopilot } from "../../support/acp-clis.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { chatApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const both = {
  cli: copilot,
  profile: { permissions: "inbox" },
  failures: chatApiFailures,
  hidesRetries: true,
  startModel: startOpenaiChatServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const { work, env } = await prepareCopilot(dir, model);
    const [servers, settings] = ["mcp-config.json", "settings.json"].map((name) =>
      join(env.COPILOT_HOME ?? "", name),
    ) as [string, string];
    const other = { type: "local", tools: ["*"], ...own.server, env: own.serverEnv };
    const hooks = { preToolUse: [{ type: "command", bash: own.hook }] };
    await writeFile(servers, JSON.stringify({ mcpServers: { other } }));
    await writeFile(settings, JSON.stringify({ hooks }));
    return { work, env, ownFiles: [servers, settings], ownSigns: [own.serverRan, own.hookRan] };
  },
  shell: (command) => ({ toolUses: [{ name: "bash", input: { command, description: "as the test says" } }] }),
  // Over ACP it has no such tool.
  question: (message, labels) => {
    const properties = { choice: { type: "string", enum: labels } };
    const requestedSchema = { type: "object", properties, required: ["choice"] };
    return { toolUses: [{ name: "ask_user", input: { message, requestedSchema } }] };
  },
  ownTool: (name, input) => ({ toolUses: [{ name: `cliai-${name}`, input }] }),
} as const satisfies Omit<CliDriver, "mode" | "route">;

export const copilotHeadless: CliDriver = { ...both, mode: "headless", route: "acp" };
export const copilotTerminal: CliDriver = { ...both, mode: "terminal", route: "terminal" };
