// docs/api.md: its table names every operation, command and page, and nothing that is not there.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../../../src/cli/frame/commands.ts";
import { isToolName } from "../../../../src/domain/wire/tools/tools.ts";
import { refusalsOf } from "../../../../src/web/api/described/operation.ts";
import { operations } from "../../../../src/web/api/described/operations.ts";
import { actingTools } from "../../../../src/web/mcp/acting-tools.ts";
import { readingTools } from "../../../../src/web/mcp/reading-tools.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/api.md"), "utf8");

/** The cells of each row between two headings, without the head of the table. */
function rowsOf(from: string, to: string): string[][] {
  const part = page.slice(page.indexOf(from), page.indexOf(to));
  const rows = part.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((line) => line.slice(2, -2).split(" | "));
}
const table = rowsOf("## The same on", "Only in a terminal");
const codeOf = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
const column = (index: number) => table.flatMap((cells) => codeOf(cells[index]));
const described = operations.map(
  ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll("{id}", "ID")}`,
);

test("operations > are those of the table in docs/api.md, each once", () => {
  expect(table.length).toBeGreaterThan(25);
  expect(column(3).sort()).toEqual(described.toSorted());
});

test("operations > are explained in docs/api.md, below the table", () => {
  const explained = rowsOf("## The requests", "## Checking it")
    .flatMap(([cell]) => codeOf(cell))
    .map((code) => code.replace(/[?{\s]*(\?.*|\{.*)?$/, ""));
  // "GET /api/agents/ID/usage" and others are explained in the row of their like.
  const named = [...page.slice(page.indexOf("## The requests")).matchAll(/`((?:GET|POST) [^`?{\s]+)/g)];
  const all = new Set([...explained, ...named.map(([, code = ""]) => code)]);
  expect(described.filter((each) => !all.has(each))).toEqual([]);
});

test("the table of docs/api.md has every command that people call, or says why it has no request", () => {
  const known = Object.entries(commands).flatMap(([name, row]) => (row.isHidden === true ? [] : [name]));
  const local = page.slice(page.indexOf("Only in a terminal"), page.indexOf("## The requests"));
  const named = [...column(2), ...codeOf(local).map((code) => code.split(" ")[0] ?? "")];
  expect(known.filter((name) => !named.includes(name))).toEqual([]);
  expect(column(2).filter((name) => !known.includes(name))).toEqual([]);
});

test("the table of docs/api.md names only tools that agents have, and all that a person's assistant has", () => {
  expect(column(4).filter((name) => !isToolName(name))).toEqual([]);
  const tools = [...readingTools, ...actingTools].map(({ name }) => name);
  expect([...new Set(column(5))].sort()).toEqual(tools.toSorted());
});

test("refusalsOf() has what follows from the address and the body", () => {
  const of = (id: string) => refusalsOf(operations.find((each) => each.id === id) ?? fail(id));
  expect(of("health")).toEqual([403]);
  expect(of("listAgents")).toEqual([401, 403, 429]);
  expect(of("usage")).toEqual([400, 401, 403, 429]);
  expect(of("tagAgent")).toEqual([400, 401, 403, 404, 413, 429, 503, 504]);
});

function fail(id: string): never {
  throw new Error(`no operation ${id}`);
}
