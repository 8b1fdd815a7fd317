import { describe, expect, test } from "bun:test";
import type { Keys } from "../../../src/domain/screen/screen-messages.ts";
import { createKeyboard } from "../../../src/host/screen/keyboard.ts";

function keyboardOf(whyNotType?: string) {
  let hasWindow = false;
  const watching = new Set(["v1", "v2"]);
  const told: string[] = [];
  const typed: string[] = [];
  const sizes: string[] = [];
  const keyboard = createKeyboard({
    whyNotType,
    onTyped: (words) => told.push(words),
    isWatching: (viewer) => watching.has(viewer),
    onChange: () => undefined,
  });
  const terminal = {
    onChange: () => () => undefined,
    read: () => Promise.resolve({ columns: 80, rows: 24, lines: [] }),
    type: (keys: string) => void typed.push(keys),
    hasWindow: () => hasWindow,
    resize: (columns: number, rows: number) => void sizes.push(`${columns}x${rows}`),
  };
  let seq = 0;
  const send = (viewer: string, act: Keys["act"], more: Partial<Keys> = {}) => {
    seq += 1;
    const message = { viewer, name: viewer === "v1" ? "eve" : "bob", seq, act, ...more };
    return keyboard.take(new TextEncoder().encode(JSON.stringify(message)), terminal);
  };
  const setWindow = (isThere: boolean) => {
    hasWindow = isThere;
    keyboard.fit(terminal);
  };
  return { keyboard, watching, told, typed, sizes, send, setWindow };
}

describe("createKeyboard()", () => {
  test("who has asked for the keyboard types, and the audit hears who and how much, not what", () => {
    const { send, typed, told, keyboard, sizes } = keyboardOf();
    expect(send("v1", "take", { columns: 100, rows: 30 })).toMatchObject({
      viewer: "v1",
      seq: 1,
      taken: true,
    });
    expect(send("v1", "type", { keys: "secret\r" })).toMatchObject({ taken: true });
    expect([typed, sizes]).toEqual([["secret\r"], ["100x30"]]);
    send("v1", "leave");
    expect(keyboard.typist()).toBeUndefined();
    expect(told).toEqual(["eve types at its terminal", "eve typed 7 characters at its terminal"]);
    expect(told.join()).not.toContain("secret");
  });

  test("only keys that are typed reach the terminal: those that come with another act would not be in the audit", () => {
    const { send, typed, told } = keyboardOf();
    send("v1", "take", { keys: "y\r" });
    send("v1", "take", { keys: "y\r" });
    send("v1", "leave", { keys: "y\r" });
    expect([typed, told]).toEqual([[], ["eve types at its terminal"]]);
  });

  test("while the user's window is there it decides the size; when it is gone, the size is that of whoever types then", () => {
    const { send, sizes, setWindow } = keyboardOf();
    setWindow(true);
    send("v1", "take", { columns: 100, rows: 30 });
    send("v1", "take", { columns: 100, rows: 28 });
    expect(sizes).toEqual([]);
    setWindow(false);
    setWindow(false);
    expect(sizes).toEqual(["100x28"]);
    setWindow(true);
    send("v1", "take", { columns: 90, rows: 20 });
    send("v1", "leave");
    setWindow(false);
    expect(sizes).toEqual(["100x28"]);
  });

  test("one types at a time; another takes the keyboard over only if it says so", () => {
    const { send, typed, told } = keyboardOf();
    send("v1", "take");
    expect(send("v2", "type", { keys: "x" })).toMatchObject({ taken: false, why: "eve types there" });
    expect(send("v2", "take")).toMatchObject({ taken: false, typist: { viewer: "v1", name: "eve" } });
    expect(send("v2", "take", { over: true })).toMatchObject({ taken: true });
    expect(send("v1", "type", { keys: "y" })).toMatchObject({ taken: false, why: "bob types there" });
    // What a viewer without the keyboard leaves changes nothing.
    send("v1", "leave");
    expect(send("v2", "type", { keys: "z" })).toMatchObject({ taken: true });
    expect(typed).toEqual(["z"]);
    expect(told.at(1)).toBe("bob types at its terminal, and took the keyboard from eve");
  });

  test("nobody types who does not watch, has not asked, or has gone", () => {
    const { send, typed, watching, keyboard } = keyboardOf();
    expect(send("v1", "type", { keys: "x" })).toMatchObject({
      taken: false,
      why: "the keyboard was not asked for",
    });
    expect(send("v3", "take")).toMatchObject({
      taken: false,
      why: "this viewer does not watch the terminal",
    });
    send("v1", "take");
    watching.delete("v1");
    expect(keyboard.typist()).toBeUndefined();
    expect(send("v1", "type", { keys: "x" })).toMatchObject({ taken: false });
    expect(send("v2", "take")).toMatchObject({ taken: true });
    expect(typed).toEqual([]);
  });

  test("without credentials nobody types at all, and the reason is said", () => {
    const { send, typed, told } = keyboardOf("anybody could type");
    expect(send("v1", "take", { over: true })).toMatchObject({ taken: false, why: "anybody could type" });
    expect(send("v1", "type", { keys: "y" })).toMatchObject({ taken: false, why: "anybody could type" });
    expect([typed, told]).toEqual([[], []]);
  });

  test("a name has no character that a terminal obeys, and is not endless", () => {
    const { send, told } = keyboardOf();
    send("v1", "take", { name: `\u001b]0;x\u0007${"n".repeat(500)}` });
    expect(told[0]).toMatch(/^\ufffd\]0;x\ufffdn{1,100} types at its terminal$/);
  });

  test("what is not a message of keys is refused", () => {
    const { send } = keyboardOf();
    expect(() => send("v1", "nonsense" as "take")).toThrow("act must be one of take, type, leave");
    expect(() => send("v 1", "take")).toThrow();
  });
});
