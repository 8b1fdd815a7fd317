// The agent CLIs that cliai can launch.
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import type { AgentCli } from "./agent-cli.ts";
import { claude } from "./claude/claude.ts";

export const agentClis: readonly AgentCli[] = [claude];

/** @throws CliaiError `config_invalid` with the names there are */
export function findAgentCli(name: string): AgentCli {
  const found = agentClis.find((cli) => cli.name === name);
  if (found !== undefined) return found;
  const names = agentClis.map((cli) => cli.name);
  throw new CliaiError("config_invalid", `no agent CLI "${name}"`, {
    hint: didYouMean(name, names) ?? `there is ${names.join(", ")}`,
  });
}
