// The agent CLIs that cliai can launch.
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { type AcpProfile, acpCliOf, isAcpName } from "./acp/acp-profile.ts";

import { gemini } from "./acp/agents/gemini.ts";
import type { AgentCli } from "./agent-cli.ts";
import { claude } from "./claude/claude.ts";
import { codex } from "./codex/codex.ts";
import { copilot } from "./copilot/copilot.ts";
import { local } from "./local/local.ts";
import { opencode } from "./opencode/opencode.ts";
import { qwen } from "./qwen/qwen.ts";

export const agentClis: readonly AgentCli[] = [claude, codex, opencode, qwen, copilot, gemini, local];
/** The CLI of a profile that names none. */
export const defaultAgentCli = claude.name;

/**
 * @param acp the key `acp` of the agent's profile, which describes a CLI `acp:NAME`
 * @throws CliaiError `config_invalid`, with a hint that names the known CLIs
 */
export function findAgentCli(name: string, acp?: AcpProfile): AgentCli {
  if (isAcpName(name)) return acpCliOf(name, acp);
  const found = agentClis.find((cli) => cli.name === name);
  if (found !== undefined) return found;
  const names = agentClis.map((cli) => cli.name);
  throw new CliaiError("config_invalid", `no agent CLI "${name}"`, {
    hint: didYouMean(name, names) ?? `the agent CLIs are: ${names.join(", ")}, and acp:NAME`,
  });
}
