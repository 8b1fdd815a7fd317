// Builds the tables of docs/steering.md and README.md that say what cliai can do with which agent CLI, from the `abilities` of each CLI.
import { agentClis } from "../../src/agents/agent-clis.ts";
import {
  type AbilityName,
  abilityNames,
  abilityWords,
  type CliAbilities,
  type SessionMode,
  sessionModes,
} from "../../src/domain/abilities.ts";

const tableOf = (rows: readonly (readonly string[])[]) =>
  [...rows.slice(0, 1), (rows[0] ?? []).map(() => "---"), ...rows.slice(1)]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/** For docs/steering.md: a row for each ability, a column for each CLI. */
export function abilitiesTable(): string {
  const heads = ["", ...agentClis.map(({ name, triedVersion }) => `${name} ${triedVersion}`)];
  const rows = abilityNames.map((name) => [
    `\`${name}\`: ${abilityWords[name]}`,
    ...agentClis.map((cli) => cellOf(cli, name)),
  ]);
  return tableOf([heads, ...rows]);
}

/** One text for both modes if they are the same. */
function cellOf({ abilities }: CliAbilities, name: AbilityName): string {
  const readings = sessionModes.flatMap((mode) => {
    const ability = abilities[mode]?.[name];
    return ability === undefined ? [] : [{ mode, text: `**${ability.holds}**, ${ability.how}` }];
  });
  const [first, second] = readings;
  if (first === undefined || (second !== undefined && first.text === second.text)) return first?.text ?? "";
  return readings.map(({ mode, text }) => `${mode}: ${text}`).join("<br>");
}

/** For README.md: a row for each CLI, with the abilities that do not simply hold. */
export function clisTable(): string {
  const rows = agentClis.map((cli) => [
    `\`${cli.name}\``,
    cli.triedVersion,
    ...sessionModes.map((mode) => shortSummary(cli, mode)),
  ]);
  return tableOf([["`cli`", "tried", "on a terminal", "headless"], ...rows]);
}

function shortSummary({ abilities }: CliAbilities, mode: SessionMode): string {
  const own = abilities[mode];
  if (own === undefined) return "not yet";
  const gapsOf = (holds: string) => abilityNames.filter((name) => own[name].holds === holds).join(", ");
  const lacking = gapsOf("no");
  const partial = ["partly", "untried"].flatMap((holds) =>
    gapsOf(holds) ? [`; ${gapsOf(holds)} ${holds}`] : [],
  );
  return `all${lacking ? ` but ${lacking}` : ""}${partial.join("")}`;
}
