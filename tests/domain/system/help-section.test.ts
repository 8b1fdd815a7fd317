import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { helpFor, helpSections } from "../../../src/domain/system/help-section.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const doctor = join(root, "src", "cli", "doctor");

test("docs/troubleshooting.md has a section for each check of cliai doctor", () => {
  const text = readFileSync(join(root, "docs", "troubleshooting.md"), "utf8");
  const headings = [...text.matchAll(/^### (\S+)/gm)].map(([, heading]) => heading);
  expect(helpSections.filter((section) => !headings.includes(section))).toEqual([]);
});

test("each check that the doctor's files name has a section of its own", () => {
  const named = readdirSync(doctor).flatMap((file) =>
    [...readFileSync(join(doctor, file), "utf8").matchAll(/\b(?:well|finding)\(\s*"([^"]+)"/g)].map(
      ([, name]) => name ?? "",
    ),
  );
  expect(named.length).toBeGreaterThan(20);
  for (const name of named) expect(helpFor(name)).toBe(`docs/troubleshooting.md#${name}`);
  expect(helpFor("claude")).toBe("docs/troubleshooting.md#agent-cli");
});
