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
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { type FoundCli, findClis, isDescribed, listedCli } from "./found-clis.ts";
import { defineCliCommand } from "./frame/command.ts";
import type { CliContext } from "./frame/context.ts";
import { alignRows, paint, plain } from "./frame/terminal.ts";
import { clisOfProfiles } from "./profile-clis.ts";

export const clisCommand = defineCliCommand({
  name: "clis",
  example: `cliai clis, or with the conditions of each ability: cliai clis ${defaultAgentCli}`,
  description:
    "list the agent CLIs, and those of your profiles (acp:NAME), with their versions and abilities; exit 1 if none is installed",
  args: {
    cli: {
      type: "positional",
      required: false,
      description: "list this agent CLI alone, with all its abilities",
    },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run({ cli: name, ...args }, context) {
    const known = [...agentClis, ...(await clisOfProfiles(dataDirFor(args, context), context))];
    const found = await findClis(name === undefined ? known : clisNamed(name, known), context.env);
    if (context.json) context.print(JSON.stringify(found.map(listedCli)));
    else for (const each of found) printCli(each, { ...context, isDetailed: name !== undefined });
    return found.some((each) => isUsable(each) && (each.cli.isOwn !== true || found.length === 1)) ? 0 : 1;
  },
});

/** Several profiles may describe different CLIs by one name. */
function clisNamed(name: string, known: readonly AgentCli[]): readonly AgentCli[] {
  const found = known.filter((each) => each.name === name);
  if (found.length > 0) return found;
  const names = [...new Set(known.map((each) => each.name))];
  throw new CliaiError("usage", `no agent CLI "${name}"`, {
    hint: didYouMean(name, names) ?? `the agent CLIs are: ${names.join(", ")}`,
  });
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

function isUsable({ path, version, problem }: FoundCli): boolean {
  return version !== undefined || (path !== undefined && problem === undefined);
}

/** The path of a CLI with its release, or why the CLI cannot be launched. */
function stateOf({ cli, path, version, problem }: FoundCli): string {
  const tried = isDescribed(cli) ? "a profile describes it" : `tried: ${cli.triedVersion}`;
  if (version !== undefined) return `${releaseText(cli, version)}, ${path}`;
  if (path === undefined) {
    const remedy = isDescribed(cli) ? cli.install : `install it: ${cli.install}`;
    return `${isDescribed(cli) ? `${cli.program} is ` : ""}not on PATH (${tried}); ${remedy}`;
  }
  return `${path}: ${problem ?? "it prints no version"} (${tried})`;
}

function abilityRows(abilities: Abilities): string[][] {
  return abilityNames.map((name) => {
    const { holds, how } = abilities[name];
    return [`    ${name}`, holds, `${abilityWords[name]}: ${how}`];
  });
}
