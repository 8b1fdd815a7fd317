// Drives Codex. Its commands ask to leave the sandbox, which not every machine can make.
import { join } from "node:path";
import { codex } from "../../../src/agents/codex/codex.ts";
import { prepareCodex } from "../../support/codex-cli.ts";
import { trustOwnHooks } from "../../support/codex-trust.ts";
import { startOpenaiResponsesServer } from "../../support/openai-responses-server.ts";
import type { CliDriver } from "../cli-driver.ts";
import { responsesApiFailures } from "../model-failures.ts";
import { ownSettings } from "../own-settings.ts";

const leavingTheSandbox = { sandbox_permissions: "require_escalated", justification: "as the test says" };

const commandOf = (cmd: string) => ({ cmd, yield_time_ms: 30_000, ...leavingTheSandbox });

const both = {
  cli: codex,
  profile: { permissions: "inbox", permission_mode: "read-only" },
  route: "app-server",
  provesHoldByTool: true,
  failures: responsesApiFailures,
  startModel: startOpenaiResponsesServer,
  async prepare(dir, model) {
    const own = ownSettings(dir.join("home"));
    const tables = [
      // On a terminal it asks about a folder that its user does not trust.
      `[projects.${JSON.stringify(dir.join("work"))}]`,
      'trust_level = "trusted"',
      // Codex writes it itself at its first start on a terminal.
      ...["[tui]", "screen_reader_detection_done = true"],
      "[mcp_servers.other]",
      `command = ${JSON.stringify(own.server.command)}`,
      `args = ${JSON.stringify(own.server.args)}`,
      "[mcp_servers.other.env]",
      ...Object.entries(own.serverEnv).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
      ...["[[hooks.PreToolUse]]", "[[hooks.PreToolUse.hooks]]", 'type = "command"'],
      `command = ${JSON.stringify(own.hook)}`,
    ];
    const { work, env, codexHome } = await prepareCodex(dir, model, { tables });
    await trustOwnHooks({ work, env, codexHome });
    return {
      ...{ work, env, ownFiles: [join(codexHome, "config.toml")] },
      ownSigns: [own.serverRan, own.hookRan],
    };
  },
  shell: (cmd) => ({ toolUses: [{ name: "exec_command", input: commandOf(cmd) }] }),
  question: (question, labels) => {
    const options = labels.map((label) => ({ label, description: label }));
    const input = { questions: [{ id: "which", question, header: "Which", options }] };
    return { toolUses: [{ name: "request_user_input", input }] };
  },
  ownTool: (name, input) => ({ toolUses: [{ name, namespace: "mcp__cliai", input }] }),
} as const satisfies Omit<CliDriver, "mode">;

export const codexHeadless: CliDriver = { ...both, mode: "headless" };
export const codexTerminal: CliDriver = { ...both, mode: "terminal" };

/** Calls a tool from a script, which is how the models of Codex's code mode call every tool. */
const fromScript = (tool: string, input: object) => ({
  toolUses: [{ name: "exec", script: `text(await tools.${tool}(${JSON.stringify(input)}));` }],
});

/** A model of Codex's code mode, which its default model is. */
export const codexScripts: CliDriver = {
  ...{ ...codexHeadless, variant: "scripts" },
  profile: { ...both.profile, model: "gpt-6.2-sol" },
  shell: (cmd) => fromScript("exec_command", commandOf(cmd)),
  ownTool: (name, input) => fromScript(`mcp__cliai__${name}`, input),
};
