// What `cliai COMMAND --help` prints. Not citty's own usage text: that one (0.2.2) is coloured in pipes, too.
import type { ArgDef, ArgsDef } from "citty";
import { alignRows } from "./terminal.ts";

export interface DescribedCommand {
  readonly name: string;
  readonly description: string;
  readonly args: ArgsDef;
  readonly passesOn: boolean;
  readonly takesMore: boolean;
}

export function commandHelp({ name, description, args, passesOn, takesMore }: DescribedCommand): string {
  const all = Object.entries(args);
  const positionals = all.filter(([, { type }]) => type === "positional");
  const flags = all.filter(([, { type }]) => type !== "positional");
  const words = positionals.map(([key, { required }]) =>
    required === false ? `[${key.toUpperCase()}]` : key.toUpperCase(),
  );
  const more = takesMore ? ["…"] : [];
  const usage = ["usage: cliai", name, ...words, ...more, "[options]", ...(passesOn ? ["[-- …]"] : [])].join(
    " ",
  );
  const rows = [
    ...positionals.map(([key, definition]) => [`  ${key.toUpperCase()}`, definition.description ?? ""]),
    ...flags.map(([key, definition]) => [`  --${key}${valueText(definition)}`, describe(definition)]),
  ];
  return [usage, "", description, "", ...alignRows(rows).map((cells) => cells.join("  ").trimEnd())].join(
    "\n",
  );
}

function valueText(definition: ArgDef): string {
  if (definition.type === "boolean") return "";
  return ` ${definition.type === "enum" ? (definition.options?.join("|") ?? "") : (definition.valueHint ?? "TEXT")}`;
}

function describe({ description = "", default: standard }: ArgDef): string {
  return standard === undefined ? description : `${description} (default ${standard})`;
}
