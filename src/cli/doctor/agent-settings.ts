// Checks the user's own settings of each agent CLI, for the current directory: some of them keep cliai's hooks from being called, or its
// telemetry from coming to cliai.
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import type { CliContext } from "../frame/context.ts";

export async function checkAgentSettings({ cwd, env }: Pick<CliContext, "cwd" | "env">): Promise<Check[]> {
  const { platform } = process;
  const checks = agentClis.map(async ({ name, readUserSettings }): Promise<Check[]> => {
    const { hooksOff, httpHooksOff, telemetryElsewhere } =
      (await readUserSettings?.({ cwd, env, platform })) ?? {};
    const elsewhere =
      telemetryElsewhere === undefined
        ? []
        : [well(name, `${telemetryElsewhere}: cliai does not know the usage of an agent on a terminal`)];
    if (hooksOff !== undefined) {
      const message = `${hooksOff}: cliai cannot hold an agent on a terminal, and a pause of it gets no further than delivered`;
      return [
        finding(name, message, "remove that setting, or launch the agents with --headless"),
        ...elsewhere,
      ];
    }
    if (httpHooksOff === undefined) return elsewhere;
    return [
      well(
        name,
        `${httpHooksOff}: cliai uses command hooks instead, which start a process for each tool call`,
      ),
      ...elsewhere,
    ];
  });
  return (await Promise.all(checks)).flat();
}
