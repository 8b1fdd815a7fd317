import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../../..");
interface Row {
  readonly keys: readonly string[];
  readonly shown: string;
  readonly what: string;
}
const { keyTable, otherKeys } = (await import(join(root, "src/web/browser/keys/key-table.js"))) as {
  readonly keyTable: (dialogs: { readonly help: () => void }) => readonly Row[];
  readonly otherKeys: readonly Row[];
};
const table = keyTable({ help: () => undefined });

test("keyTable() lists the keys that docs/commands.md lists, with the same words, in the same order", () => {
  const docs = readFileSync(join(root, "docs/commands.md"), "utf8");
  const section = docs.split("## The keys of the page")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, keys, what]) => [keys, what]);
  expect(rows).toEqual([...table, ...otherKeys].map(({ shown, what }) => [shown, what]));
});

test("keyTable() has each key once, and none that begins a pair", () => {
  const keys = table.flatMap((row) => row.keys);
  expect(keys.length).toBe(new Set(keys).size);
  const firsts = keys.filter((key) => key.includes(" ") && key !== " ").map((key) => key.split(" ")[0]);
  expect(keys.filter((key) => firsts.includes(key))).toEqual([]);
});
