// docs/mcp.md, against the tools that the operator's server has.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { actingTools } from "../../../src/web/mcp/acting-tools.ts";
import { readingTools } from "../../../src/web/mcp/reading-tools.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/mcp.md"), "utf8");

test("the table of docs/mcp.md has each tool with its scope, and no other", () => {
  const rows = [...page.matchAll(/^\| (`[a-z_`, ]+`) \|[^|]*\| ?`?([a-z]*)`? ?\|$/gm)];
  const described = rows.flatMap(([, names = "", scope = ""]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, scope]),
  );
  const tools = [...readingTools, ...actingTools].map(({ name, scope = "" }) => [name, scope]);
  expect(described).toEqual(tools);
});

test("the descriptions stay short: the list is in the assistant's context", () => {
  const length = [...readingTools, ...actingTools].reduce(
    (sum, { description }) => sum + description.length,
    0,
  );
  expect(length).toBeLessThan(3_000);
});
