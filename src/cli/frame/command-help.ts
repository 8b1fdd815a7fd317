// What `cliai COMMAND --help` prints. It replaces citty's own usage text, because citty 0.2.2 colours that in pipes, too.
import type { ArgDef, ArgsDef } from "citty";
import { alignRows } from "./terminal.ts";

export interface DescribedCommand {
  readonly name: string;
  readonly description: string;
  readonly args: ArgsDef;
  readonly passesOn: boolean;
  readonly takesMore: boolean;
  /** A line that a person can copy and change. Also the hint where an argument is missing. */
  readonly example?: string | undefined;
}

export function commandHelp(described: DescribedCommand): string {
  const { name, description, args, passesOn, takesMore, example } = described;
  const all = Object.entries(args);
  const positionals = all.filter(([, { type }]) => type === "positional");
  const words = positionals.map(([key, { required }]) =>
    required === false ? `[${key.toUpperCase()}]` : key.toUpperCase(),
  );
  const more = takesMore ? ["…"] : [];
  const usage = ["usage: cliai", name, ...words, ...more, "[options]", ...(passesOn ? ["[-- …]"] : [])].join(
    " ",
  );
  const rows = [
    ...positionals.map(([key, definition]) => [`  ${key.toUpperCase()}`, definition.description ?? ""]),
    ...flagRows(args),
  ];
  const shown = example === undefined ? [] : [`example: ${example}`, ""];
  return [
    usage,
    "",
    description,
    "",
    ...shown,
    ...alignRows(rows).map((cells) => cells.join("  ").trimEnd()),
  ].join("\n");
}

export interface DescribedGroup {
  readonly name: string;
  readonly description: string;
  /** The subcommand that runs if none is named, and its arguments. */
  readonly standard: string;
  readonly args: ArgsDef;
  readonly rows: readonly (readonly [name: string, description: string])[];
}

export function groupHelp({ name, description, standard, args, rows }: DescribedGroup): string {
  const lines = (cells: string[][]) => alignRows(cells).map((row) => row.join("  ").trimEnd());
  const subcommands = rows.map(([each, what]) => [
    `  ${each}`,
    each === standard ? `${what} (the default)` : what,
  ]);
  return [
    `usage: cliai ${name} [${rows.map(([each]) => each).join("|")}] [options]`,
    "",
    description,
    "",
    ...lines(subcommands),
    "",
    `options of ${name} ${standard}; cliai ${name} SUBCOMMAND --help lists those of another:`,
    ...lines(flagRows(args)),
  ].join("\n");
}

function flagRows(args: ArgsDef): string[][] {
  return Object.entries(args).flatMap(([key, definition]) =>
    definition.type === "positional"
      ? []
      : [
          [`  ${shortOf(definition)}--${key}${valueText(definition)}`, describe(definition)],
          ...choiceRows(definition),
        ],
  );
}

const choicesOnALine = 6;

/** The choices of a flag that shows a name for its value: below the flag, because beside it they would push all columns aside. */
function choiceRows(definition: ArgDef): string[][] {
  if (definition.type !== "enum" || definition.valueHint === undefined) return [];
  const { options = [] } = definition;
  return Array.from({ length: Math.ceil(options.length / choicesOnALine) }, (_, line) => {
    const from = line * choicesOnALine;
    return ["", `  ${options.slice(from, from + choicesOnALine).join(", ")}`];
  });
}

function shortOf(definition: ArgDef): string {
  return "alias" in definition && definition.alias !== undefined ? `-${definition.alias}, ` : "";
}

/** Whether the flag may stand without its value. Its hint then is in brackets: `[BRANCH]`. */
export function isValueOptional(definition: ArgDef | undefined): boolean {
  return definition?.type === "string" && definition.valueHint?.startsWith("[") === true;
}

/** What stands behind the flag: a blank and the value's name, or its choices if it has no name. */
export function valueText(definition: ArgDef): string {
  if (definition.type === "boolean") return "";
  const choices = definition.type === "enum" ? definition.options?.join("|") : undefined;
  return ` ${definition.valueHint ?? choices ?? "TEXT"}`;
}

function describe({ description = "", default: standard }: ArgDef): string {
  return standard === undefined ? description : `${description} (default ${standard})`;
}
