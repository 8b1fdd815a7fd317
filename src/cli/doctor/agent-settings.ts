// Checks the user's own settings of each agent CLI, for the current directory: some of them keep cliai's hooks from being called.
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import type { CliContext } from "../frame/context.ts";
import { type Check, finding, well } from "./check.ts";

export async function checkAgentSettings({ cwd, env }: Pick<CliContext, "cwd" | "env">): Promise<Check[]> {
  const { platform } = process;
  const checks = agentClis.map(async ({ name, readUserSettings }): Promise<Check[]> => {
    const { hooksOff, httpHooksOff } = (await readUserSettings?.({ cwd, env, platform })) ?? {};
    if (hooksOff !== undefined) {
      const message = `${hooksOff}: cliai cannot hold an agent on a terminal, and a pause of it gets no further than delivered`;
      return [finding(name, message, "remove that setting, or launch the agents with --headless")];
    }
    if (httpHooksOff === undefined) return [];
    return [
      well(
        name,
        `${httpHooksOff}: cliai uses command hooks instead, which start a process for each tool call`,
      ),
    ];
  });
  return (await Promise.all(checks)).flat();
}
