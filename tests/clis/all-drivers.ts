// Every agent CLI that cliai can launch, in every mode that it has.
import { agentClis } from "../../src/agents/agent-clis.ts";
import type { CliDriver } from "./cli-driver.ts";
import { geminiHeadless } from "./drivers/acp.ts";
import { claudeHeadless, claudeTerminal } from "./drivers/claude.ts";
import { codexHeadless, codexScripts, codexTerminal } from "./drivers/codex.ts";
import { copilotHeadless, copilotTerminal } from "./drivers/copilot.ts";
import { localHeadless } from "./drivers/local.ts";
import { opencodeHeadless, opencodeTerminal } from "./drivers/opencode.ts";
import { qwenHeadless, qwenTerminal } from "./drivers/qwen.ts";

export const allDrivers: readonly CliDriver[] = [
  ...[claudeHeadless, claudeTerminal, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, geminiHeadless, copilotHeadless, copilotTerminal, localHeadless],
];

/** Those, and every way in which a CLI lets its model call tools otherwise. */
export const allVariants: readonly CliDriver[] = [...allDrivers, codexScripts];

/** CLI and mode of everything that can be launched: what the suite must drive. */
export const launchable: readonly string[] = agentClis
  .flatMap(({ name, abilities }) => Object.keys(abilities).map((mode) => `${name}, ${mode}`))
  .sort();
