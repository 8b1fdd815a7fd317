// Checks the user's settings of the agent CLIs that keep cliai's hooks from being called, for the current directory.
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import type { CliContext } from "../frame/context.ts";
import { type Check, finding, well } from "./check.ts";

export async function checkAgentSettings({ cwd, env }: Pick<CliContext, "cwd" | "env">): Promise<Check[]> {
  const { platform } = process;
  const checks = agentClis.map(async ({ name, readUserSettings }): Promise<Check[]> => {
    const { hooksOff, httpHooksOff } = (await readUserSettings?.({ cwd, env, platform })) ?? {};
    if (hooksOff !== undefined) {
      const message = `${hooksOff}: nothing can hold an agent on a terminal, and a pause of it stays delivered`;
      return [finding(name, message, "take that setting out, or launch the agents with --headless")];
    }
    if (httpHooksOff === undefined) return [];
    return [well(name, `${httpHooksOff}: its hooks are commands, a process more for each tool call`)];
  });
  return (await Promise.all(checks)).flat();
}
