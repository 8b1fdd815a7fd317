// This room is `cliai licenses`.
//
// `cliai licenses`: prints the licences of all that is in this executable, as the build has collected them.
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { buildInfo, type Notice } from "../../build-info.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { jsonArgs } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import { alignRows } from "../frame/terminal.ts";

export const licensesCommand = defineCliCommand({
  name: "licenses",
  description: "print the licences of all that is in this program",
  args: jsonArgs,
  async run(_args, { json, print }) {
    const notices = await readNotices(buildInfo.noticesPath);
    if (json) print(JSON.stringify(notices));
    else for (const line of noticeLines(notices)) print(line);
    return 0;
  },
});

/** @throws CliaiError `failed` if there are none, because this is a run from source */
export async function readNotices(path: string | undefined): Promise<Notice[]> {
  if (path === undefined) {
    throw new CliaiError("failed", "this cliai runs from its source, for which no licences are collected", {
      hint: "run the executable: bun build.ts, then dist/cliai licenses",
    });
  }
  return JSON.parse(gunzipSync(await readFile(path)).toString("utf8"));
}

const kinds: Readonly<Record<Notice["kind"], string>> = {
  own: "",
  bun: "runs it",
  "bun-part": "in Bun",
  "nats-server": "in nats-server",
  npm: "npm package",
};

/** First a table of all parts, and what is missing; then each text once, with the parts that have it. */
export function noticeLines(notices: readonly Notice[]): string[] {
  const rows = notices.map(({ name, version, license, kind }) => [name, version, license, kinds[kind]]);
  const byText = Map.groupBy(
    notices.flatMap(({ name, texts }) => texts.map((text) => ({ name, text: text.trim() }))),
    ({ text }) => text,
  );
  const texts = [...byText].flatMap(([text, parts]) => [
    "",
    "-".repeat(80),
    parts.map(({ name }) => name).join(", "),
    "",
    text,
  ]);
  return [...alignRows(rows).map((cells) => cells.join("  ").trimEnd()), ...missingLines(notices), ...texts];
}

function missingLines(notices: readonly Notice[]): string[] {
  const names = notices.filter(({ isStandard }) => isStandard).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    "",
    `Not here: the copyright lines of ${names.join(", ")}. For these, only the text of the licence itself is printed.`,
    "Bun's parts are those that Bun's own list names. Their texts are of the releases that packages have, which may be others than Bun's.",
  ];
}
