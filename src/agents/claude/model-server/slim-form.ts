// The slim form of Claude Code, for a small context or a slow server: few of its tools, and short instructions instead of its own.
import type { LaunchModelServer } from "../../agent-launch.ts";

/** How many tokens of SmolLM2 an agent's requests have before its task. Claude's own are 12,320 of `full`. */
export const ownTokens = { full: 15_300, slim: 4_500 } as const;

/** Without the others, Claude leaves out the list of skills, too. */
const slimTools = "Read,Edit,Write,Bash";
const slimInstructions =
  "You work on the software in the current directory, with your tools. Look before you change something, and be brief.";

/** The arguments with the agent's instructions. */
export function instructionArgs(instructions: string, server: LaunchModelServer | undefined): string[] {
  if (server?.isSlim !== true) return ["--append-system-prompt", instructions];
  return ["--tools", slimTools, "--system-prompt", `${slimInstructions}\n\n${instructions}`];
}
