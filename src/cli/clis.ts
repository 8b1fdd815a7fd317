// `cliai clis`: lists the agent CLIs that cliai can launch: which are on PATH, in which release, and what cliai can do with their sessions.
import type { AgentCli } from "../agents/agent-cli.ts";
import { agentClis, defaultAgentCli } from "../agents/agent-clis.ts";
import {
  type Abilities,
  abilityNames,
  abilitySummary,
  abilityWords,
  releaseText,
  type SessionMode,
} from "../domain/abilities.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { jsonArgs } from "./fleet/client.ts";
import { type FoundCli, findClis } from "./found-clis.ts";
import { defineCliCommand } from "./frame/command.ts";
import type { CliContext } from "./frame/context.ts";
import { alignRows, paint, plain } from "./frame/terminal.ts";

export const clisCommand = defineCliCommand({
  name: "clis",
  example: `cliai clis, or with the conditions of each ability: cliai clis ${defaultAgentCli}`,
  description: "list the agent CLIs with their versions and abilities; exit 1 if none of them is installed",
  args: {
    cli: {
      type: "positional",
      required: false,
      description: "list this agent CLI alone, with all its abilities",
    },
    ...jsonArgs,
  },
  async run({ cli: name }, context) {
    const found = await findClis(name === undefined ? agentClis : [cliOf(name)], context.env);
    if (context.json) context.print(JSON.stringify(found.map(toJson)));
    else for (const each of found) printCli(each, { ...context, isDetailed: name !== undefined });
    return found.some(
      ({ cli, version }) => version !== undefined && (cli.isOwn !== true || found.length === 1),
    )
      ? 0
      : 1;
  },
});

function cliOf(name: string): AgentCli {
  const found = agentClis.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = agentClis.map((each) => each.name);
  throw new CliaiError("usage", `no agent CLI "${name}"`, {
    hint: didYouMean(name, names) ?? `the agent CLIs are: ${names.join(", ")}`,
  });
}

function toJson({ cli, path, version, problem }: FoundCli): object {
  const { name, triedVersion, install, abilities } = cli;
  return {
    ...{ name, path: path ?? null, version: version ?? null, tried_version: triedVersion },
    is_tried: version === undefined ? null : version === triedVersion,
    ...(problem === undefined ? {} : { problem }),
    ...{ install, abilities },
  };
}

function printCli(
  found: FoundCli,
  { color, print, isDetailed }: Pick<CliContext, "color" | "print"> & { readonly isDetailed: boolean },
): void {
  const { cli } = found;
  print(`${paint(cli.name, "bold", color)}  ${plain(stateOf(found))}`);
  const modes = Object.entries(cli.abilities) as [SessionMode, Abilities][];
  const rows = isDetailed
    ? modes.flatMap(([mode, abilities]) => [[`  ${mode}`, "", ""], ...abilityRows(abilities)])
    : modes.map(([mode, abilities]) => [`  ${mode}`, abilitySummary(abilities)]);
  for (const cells of alignRows(rows)) print(cells.join("  ").trimEnd());
}

/** Of a CLI: its release and its path, or why it cannot be launched. */
function stateOf({ cli, path, version, problem }: FoundCli): string {
  if (version !== undefined) return `${releaseText(cli, version)}, ${path}`;
  if (path === undefined) return `not on PATH (tried: ${cli.triedVersion}); install it: ${cli.install}`;
  return `${path}: ${problem} (tried: ${cli.triedVersion})`;
}

function abilityRows(abilities: Abilities): string[][] {
  return abilityNames.map((name) => {
    const { holds, how } = abilities[name];
    return [`    ${name}`, holds, `${abilityWords[name]}: ${how}`];
  });
}
