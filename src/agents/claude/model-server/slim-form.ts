// The slim form of Claude Code, for a small context or a slow server: few of its tools, and short instructions instead of its own.
import type { LaunchModelServer } from "../../agent-launch.ts";

/** How many tokens, as SmolLM2 counts them, each request has before the agent's task. 12,320 of `full` are Claude's own. */
export const ownTokens = { full: 15_300, slim: 4_500 } as const;

/** The tools of the slim form. Without Claude's other tools, its prompt has no list of skills either. */
const slimTools = "Read,Edit,Write,Bash";
const slimInstructions =
  "You work on the software in the current directory, with your tools. Look before you change something, and be brief.";

/** The arguments with the agent's instructions. */
export function instructionArgs(instructions: string, server: LaunchModelServer | undefined): string[] {
  if (server?.isSlim !== true) return ["--append-system-prompt", instructions];
  return ["--tools", slimTools, "--system-prompt", `${slimInstructions}\n\n${instructions}`];
}
