import { expect, test } from "bun:test";
import { readDetachKey } from "../../../src/cli/attach/attach.ts";

test.each([
  [undefined, "\u001c", "ctrl-\\"],
  ["ctrl-]", "\u001d", "ctrl-]"],
  ["Ctrl-A", "\u0001", "ctrl-a"],
  ["^_", "\u001f", "ctrl-_"],
])("readDetachKey() of %p is the byte %j", (text, byte, name) => {
  expect(readDetachKey(text)).toEqual({ byte, name });
});

test.each(["", "x", "ctrl-1", "ctrl-[", "ctrl-i", "ctrl-m", "ctrl-ab"])(
  "readDetachKey() refuses %j",
  (text) => {
    expect(() => readDetachKey(text)).toThrow(`--detach-key "${text}" is no key with which one can leave`);
  },
);
