import { expect, test } from "bun:test";
import { permissionLines } from "../../../src/cli/inbox/permission-lines.ts";
import { readPermissionInput } from "../../../src/domain/text/permission-input.ts";

function linesOf(input: object): string[] {
  const read = readPermissionInput(JSON.stringify(input));
  return read === undefined ? [] : permissionLines(read, false);
}

test("a command is shown as it is typed, with its lines, and nothing in it steers the terminal", () => {
  const command = 'echo "a"\nrm \u001b[2J-r build';
  expect(linesOf({ command, timeout: 5 })).toEqual(['$ echo "a"', "  rm \ufffd[2J-r build", "timeout: 5"]);
});

test("an edit is shown line by line, an address as it is", () => {
  expect(linesOf({ file_path: "/a", old_string: "x\ny", new_string: "x\nz" })).toEqual([
    "/a",
    "  x",
    "- y",
    "+ z",
  ]);
  expect(linesOf({ url: "https://example.org/" })).toEqual(["https://example.org/"]);
});
