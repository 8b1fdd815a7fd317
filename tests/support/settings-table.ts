// The table of docs/settings.md, as the program's own schema gives it.
import { flagOf, serveTable, variableOf } from "../../src/config.ts";

export function settingsTable(): string {
  const rows = serveTable.map(([key, { description, valueHint, default: standard }]) => {
    const value = valueHint === undefined ? "" : ` ${valueHint.replaceAll("|", "\\|")}`;
    const shown = standard === undefined ? "" : `\`${standard}\``;
    return [`\`--${flagOf(key)}${value}\``, `\`${key}\``, `\`${variableOf(key)}\``, shown, description];
  });
  const heads = ["flag", "in the settings file", "environment", "default", "what it is"];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
