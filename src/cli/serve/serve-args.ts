// The flags of `cliai serve`: one for each setting in config.ts, and `--data-dir`, `--config`, `--json`.
import type { BooleanArgDef, StringArgDef } from "citty";
import { flagOf, type ServeKey, type ServeValues, serveTable } from "../../config/serve-settings.ts";
import { dataDirArgs, jsonArgs } from "../fleet/client.ts";
import { configArgs } from "../frame/config-file.ts";

type FlagName<Key extends string> = Key extends `${infer Head}_${infer Rest}`
  ? `${Head}-${FlagName<Rest>}`
  : Key;
type SettingArgs = {
  readonly [Key in ServeKey as FlagName<Key>]: ServeValues[Key] extends boolean
    ? BooleanArgDef
    : StringArgDef;
};

// The cast restores what Object.fromEntries loses: the type of each flag.
const settingArgs = Object.fromEntries(
  serveTable.map(([key, { description, valueHint, default: standard }]) => [
    flagOf(key),
    valueHint === undefined
      ? { type: "boolean", description }
      : { type: "string", valueHint, description: description + defaultText(standard) },
  ]),
) as unknown as SettingArgs;

const detachArgs = {
  detach: { type: "boolean", description: "start the server in the background, and return when it is ready" },
} as const;

export const serveArgs = {
  ...settingArgs,
  ...detachArgs,
  ...dataDirArgs,
  ...configArgs,
  ...jsonArgs,
} as const;

/** The flags that were given, each one word, for a serve that is started in the background. */
export function flagsOf(args: Readonly<Partial<Record<string, unknown>>>): string[] {
  const own: readonly string[] = ["detach", "json", "data-dir"];
  return Object.keys(serveArgs).flatMap((name) => {
    const value = args[name];
    if (own.includes(name) || value === undefined || value === false) return [];
    return [value === true ? `--${name}` : `--${name}=${value}`];
  });
}

/** The default is only a text here. As citty's own default it would override the value in the settings file. */
function defaultText(standard: unknown): string {
  return standard === undefined ? "" : ` (default ${standard})`;
}
