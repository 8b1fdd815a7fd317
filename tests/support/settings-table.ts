// The tables of docs/settings.md, as the program's own schemas give them.
import { toJsonSchema } from "@valibot/to-json-schema";
import { flagOf, serveTable, variableOf } from "../../src/config/serve-settings.ts";
import { ProfileSchema } from "../../src/profiles/profile.ts";

export function settingsTable(): string {
  const rows = serveTable.map(([key, { description, valueHint, default: standard }]) => {
    const value = valueHint === undefined ? "" : ` ${valueHint.replaceAll("|", "\\|")}`;
    const shown = standard === undefined ? "" : `\`${standard}\``;
    return [`\`--${flagOf(key)}${value}\``, `\`${key}\``, `\`${variableOf(key)}\``, shown, description];
  });
  const heads = ["flag", "in the settings file", "environment", "default", "what it is"];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The keys of a profile, as its schema has them. */
export function profileKeysTable(): string {
  const { properties = {} } = toJsonSchema(ProfileSchema, { typeMode: "input", ignoreActions: ["check"] });
  const rows = Object.entries(properties).map(([key, property]) => {
    const {
      description,
      default: standard,
      enum: words,
    } = property as {
      readonly description?: string;
      readonly default?: unknown;
      readonly enum?: readonly string[];
    };
    const values = words === undefined ? undefined : words.map((word) => `\`${word}\``).join(", ");
    const shown = standard === undefined ? "" : `\`${standard}\``;
    return [`\`${key}\``, shown, [description, values].filter((each) => each !== undefined).join(": ")];
  });
  const heads = ["key", "default", "what it is"];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
