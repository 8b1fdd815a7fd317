import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { widthOf } from "../../../src/cli/frame/terminal.ts";
import { helpLines } from "../../../src/cli/top/help-lines.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/commands.md"), "utf8");

test("helpLines() lists the keys that docs/commands.md lists, in the same order", () => {
  const section = page.split("## The keys of top")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| (.+?) \| /gm)].map(([, keys = ""]) => keys.replaceAll("`", ""));
  const helped = helpLines(200).map((line) => line.trim().split("  ")[0] as string);
  expect(helped).toContain("Space");
  expect(rows).toEqual(["key", "---", ...helped]);
});

test("helpLines() fits a narrow screen", () => {
  expect(Math.max(...helpLines(30).map(widthOf))).toBeLessThanOrEqual(30);
});
