// The flags of `cliai serve`: one for each setting of config.ts, and those that every command has.
import type { BooleanArgDef, StringArgDef } from "citty";
import { flagOf, type ServeKey, type ServeValues, serveTable } from "../../config.ts";
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

// Object.fromEntries loses which flag takes a value.
const settingArgs = Object.fromEntries(
  serveTable.map(([key, { description, valueHint, default: standard }]) => [
    flagOf(key),
    valueHint === undefined
      ? { type: "boolean", description }
      : { type: "string", valueHint, description: description + defaultText(standard) },
  ]),
) as unknown as SettingArgs;

export const serveArgs = { ...settingArgs, ...dataDirArgs, ...configArgs, ...jsonArgs } as const;

/** As words, not as the flag's default: a flag that is not given leaves the settings file's value as it is. */
function defaultText(standard: unknown): string {
  return standard === undefined ? "" : ` (default ${standard})`;
}
