// Keys as terminals send them: Ctrl-Z is dropped in each of its forms, and what else comes passes as it is.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createKeyReader, type LineEffect } from "../../../src/agents/terminal/terminal-keys.ts";
import { waitFor } from "../../support/wait-for.ts";

function read(...parts: readonly string[]): { passed: string; lines: LineEffect[] } {
  let passed = "";
  const lines: LineEffect[] = [];
  const reader = createKeyReader((keys, line) => {
    passed += Buffer.from(keys).toString();
    lines.push(line);
  });
  for (const part of parts) reader.read(Buffer.from(part));
  reader.stop();
  return { passed, lines };
}

describe("Ctrl-Z", () => {
  // Each of these suspends Claude Code 2.1.330, or is a form of the same key that a later one may understand.
  test.each([
    ["one byte", "\u001a"],
    ["one byte, with Alt", "\u001b\u001a"],
    ["kitty", "\u001b[122;5u"],
    ["kitty, with Shift", "\u001b[122:90;6u"],
    ["kitty, with Alt", "\u001b[122;7u"],
    ["kitty, with Caps Lock", "\u001b[122;69u"],
    ["kitty, with Num Lock", "\u001b[122;133u"],
    ["kitty, on a Russian keyboard", "\u001b[1103::122;5u"],
    ["kitty, on a Russian keyboard, with Shift", "\u001b[1103:1071:122;6u"],
    ["kitty, pressed", "\u001b[122;5:1u"],
    ["kitty, held down", "\u001b[122;5:2u"],
    ["kitty, with its text", "\u001b[122;5;26u"],
    ["modifyOtherKeys", "\u001b[27;5;122~"],
    ["modifyOtherKeys, with Shift", "\u001b[27;6;90~"],
  ])("%s is dropped, alone, between keys and in two parts", (_, key) => {
    expect(read(key)).toEqual({ passed: "", lines: [] });
    expect(read(`a${key}b${key}\u001b[A`)).toEqual({ passed: "ab\u001b[A", lines: ["written"] });
    const cut = Math.max(key.indexOf("[") + 1, 1);
    expect(read(key.slice(0, cut + 1), key.slice(cut + 1)).passed).toBe("");
  });

  test.each([
    ["z", "z"],
    ["z by kitty", "\u001b[122u"],
    ["Alt-z by kitty", "\u001b[122;3u"],
    ["Cmd-z by kitty", "\u001b[122;9u"],
    ["Ctrl-; on the key of z", "\u001b[59::122;5u"],
    ["Ctrl-y", "\u001b[121;5u"],
    ["F-keys and the like", "\u001b[15;5~\u001bOP\u001b[1;5A"],
    ["a paste with a word about it", "\u001b[200~^Z\u001b[201~"],
    ["Ctrl-Z that is let go of", "\u001b[122;5:3u"],
  ])("%s passes", (_, keys) => {
    expect(read(keys).passed).toBe(keys);
  });
});

describe("createKeyReader()", () => {
  test.each<[string, string, LineEffect]>([
    ["a letter", "a", "written"],
    ["letters of more bytes", "żółw", "written"],
    ["Enter", "\r", "written"],
    ["Shift-Enter by kitty", "\u001b[13;2u", "written"],
    ["Alt-Enter", "\u001b\r", "written"],
    ["a paste", "\u001b[200~text\u001b[201~", "written"],
    ["Ctrl-V by modifyOtherKeys", "\u001b[27;5;118~", "written"],
    ["Ctrl-C", "\u0003", "cleared"],
    ["Ctrl-C by kitty", "\u001b[99;5u", "cleared"],
    ["Ctrl-C by kitty, with Num Lock", "\u001b[99;133u", "cleared"],
    ["Ctrl-C by kitty, on a Russian keyboard", "\u001b[1089::99;5u", "cleared"],
    ["Ctrl-C by modifyOtherKeys", "\u001b[27;5;99~", "cleared"],
    ["Ctrl-C after a text", "abc\u001b[99;5u", "cleared"],
    ["a text after Ctrl-C", "\u001b[99;5uabc", "written"],
    ["the escape key", "\u001b", "left"],
    ["the escape key by kitty", "\u001b[27u", "left"],
    ["an arrow", "\u001b[A", "left"],
    ["the Delete key", "\u001b[3~", "left"],
    ["a modifier alone, by kitty", "\u001b[57442;5u", "left"],
    ["the mouse", "\u001b[<35;10;20M\u001b[<0;10;20m", "left"],
    ["focus", "\u001b[I\u001b[O", "left"],
    ["answers of the terminal", "\u001b[?5u\u001b[?62;22c\u001bP>|kitty(0.32.2)\u001b\\", "left"],
    ["a colour of the terminal", "\u001b]11;rgb:0000/0000/0000\u0007", "left"],
  ])("%s: the line is %s", (_, keys, line) => {
    expect(read(keys)).toEqual({ passed: keys, lines: [line] });
  });

  test("half a key that stays half passes all the same", async () => {
    let passed = "";
    const reader = createKeyReader((keys) => {
      passed += Buffer.from(keys).toString();
    });
    reader.read(Buffer.from("\u001b["));
    expect(passed).toBe("");
    await waitFor(() => passed === "\u001b[", { what: "Alt-[ to pass" });
    reader.read(Buffer.from("\u001b"));
    expect(passed).toBe("\u001b[\u001b");
    reader.stop();
  });

  test("without Ctrl-Z, all bytes pass as they came, however they are cut", () => {
    const piece = fc.constantFrom(
      "a",
      "ü",
      "\r",
      "\u0003",
      "\u001b[A",
      "\u001b[99;5u",
      "\u001b[200~",
      "\u001bb",
      "\u001b]0;x\u0007",
    );
    fc.assert(
      fc.property(fc.array(fc.array(piece)), (parts) => {
        const texts = parts.map((pieces) => pieces.join(""));
        expect(read(...texts).passed).toBe(texts.join(""));
      }),
    );
  });
});
