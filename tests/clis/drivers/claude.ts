// Drives Claude Code.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claude } from "../../../src/agents/claude/claude.ts";
import { prepareClaude } from "../../support/claude-code.ts";
import { startModelServer } from "../../support/model-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { messagesApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const both = {
  cli: claude,
  profile: { permissions: "inbox" },
  failures: messagesApiFailures,
  startModel: startModelServer,
  async prepare(dir, model) {
    const { work, env } = await prepareClaude(dir, model);
    const own = ownSettings(env.HOME ?? "");
    const files = {
      [join(env.CLAUDE_CONFIG_DIR ?? "", "settings.json")]: {
        // Claude Code writes it itself at its first start on a terminal, and sets the file in this form.
        env: { DISABLE_AUTOUPDATER: "1" },
        enableAllProjectMcpServers: true,
        hooks: { PreToolUse: [{ matcher: "*", hooks: [{ type: "command", command: own.hook }] }] },
      },
      [join(work, ".mcp.json")]: { mcpServers: { other: { ...own.server, env: own.serverEnv } } },
    };
    for (const [path, content] of Object.entries(files)) {
      await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
    }
    return {
      work,
      // Of ten tries the last ones come minutes later.
      env: { ...env, CLAUDE_CODE_MAX_RETRIES: "4" },
      ownFiles: Object.keys(files),
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (command) => ({ toolUses: [{ name: "Bash", input: { command, description: "as the test says" } }] }),
  question: (question, labels) => {
    const options = labels.map((label) => ({ label, description: label }));
    const input = { questions: [{ question, header: "Which", multiSelect: false, options }] };
    return { toolUses: [{ name: "AskUserQuestion", input }] };
  },
  ownTool: (name, input) => ({ toolUses: [{ name: `mcp__cliai__${name}`, input }] }),
} as const satisfies Omit<CliDriver, "mode" | "route">;

export const claudeHeadless: CliDriver = { ...both, mode: "headless", route: "stream-json" };
export const claudeTerminal: CliDriver = {
  ...{ ...both, mode: "terminal", route: "terminal" },
  // Its screen shows "API error · retrying in 1s · attempt 1/4".
  unnamedRetries: ["overloaded"],
};
