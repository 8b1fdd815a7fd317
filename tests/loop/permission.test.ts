// Which calls of the loop's model need a person: the whole table.
import { expect, test } from "bun:test";
import { isPermissionMode, needsPermission, permissionModeNames } from "../../src/loop/permission.ts";

const tools = {
  read: { name: "read", kind: "read", isReading: true },
  edit: { name: "edit", kind: "edit", isReading: false },
  run: { name: "run", kind: "execute", isReading: false },
  mcp: { name: "mcp", kind: "other", isReading: false },
} as const;

test.each([
  ["ask", ["edit", "run", "mcp"]],
  ["ask-all", ["read", "edit", "run", "mcp"]],
  ["accept-edits", ["run", "mcp"]],
  ["allow-all", []],
] as const)("needsPermission() in the mode %p asks before %p", (mode, asked) => {
  const names = Object.values(tools).filter((tool) => needsPermission(tool, mode, new Set()));
  expect(names.map(({ name }) => name)).toEqual(asked as never);
});

test("needsPermission() asks no more for a tool that was allowed for good, and for that one alone; but if every tool is to ask", () => {
  const allowed = new Set(["run"]);
  expect(needsPermission(tools.run, "ask", allowed)).toBe(false);
  expect(needsPermission(tools.mcp, "ask", allowed)).toBe(true);
  expect(needsPermission(tools.run, "ask-all", allowed)).toBe(true);
});

test("isPermissionMode() knows the modes, and no property of every object", () => {
  expect(permissionModeNames.every(isPermissionMode)).toBe(true);
  expect(["", "allow", "toString", "__proto__"].filter(isPermissionMode)).toEqual([]);
});
