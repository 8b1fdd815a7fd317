import { expect, test } from "bun:test";
import { createKeyDecoder, type Key } from "../../../src/cli/screen/keys.ts";
import { until } from "../../support/wait-for.ts";

function keysOf(...parts: readonly (string | Uint8Array)[]): (string | object)[] {
  const keys: Key[] = [];
  const decoder = createKeyDecoder((key) => keys.push(key));
  for (const part of parts) decoder.read(typeof part === "string" ? Buffer.from(part) : part);
  decoder.stop();
  return keys.map((key) => key.name ?? key);
}

test.each([
  ["jk q", ["j", "k", " ", "q"]],
  ["\u001b[A\u001b[B\u001bOC\u001b[D", ["up", "down", "right", "left"]],
  ["\u001b[5~\u001b[6~\u001b[H\u001b[4~\u001b[3~", ["pageup", "pagedown", "home", "end", "delete"]],
  ["\r\t\u007f\u0003\u001a\u000c", ["enter", "tab", "backspace", "ctrl-c", "ctrl-z", "ctrl-l"]],
  ["ä漢👍", ["ä", "漢", "👍"]],
  ["\u001bx\u001b[1;5Ca", ["a"]],
])("createKeyDecoder() reads %j", (text, keys) => {
  expect(keysOf(text)).toEqual(keys);
});

test("createKeyDecoder() joins what comes in parts: a sequence, a character", () => {
  const bytes = Buffer.from("漢");
  expect(keysOf("\u001b", "[", "A", bytes.subarray(0, 1), bytes.subarray(1))).toEqual(["up", "漢"]);
});

test("createKeyDecoder() gives a pasted text in one, so that it is not taken for keys", () => {
  expect(keysOf("a\u001b[200~s", "y\r\u001b[201~b")).toEqual(["a", { paste: "sy\r" }, "b"]);
});

test("createKeyDecoder() takes nothing of a pasted text for keys, however long it is and in whatever parts it comes", () => {
  const long = "x".repeat(150_000);
  const keys = keysOf(`\u001b[200~${long}`, "psy\u001b[20", "1~b");
  expect(keys).toEqual([{ paste: long.slice(0, 100_000) }, "b"]);
  expect(keysOf("\u001b[200~a\u001b[201", "~\u001b[200~\u001b[201~c")).toEqual([
    { paste: "a" },
    { paste: "" },
    "c",
  ]);
});

test("createKeyDecoder() takes the beginning of a sequence for no keys, also if its rest is late", async () => {
  const keys: Key[] = [];
  const decoder = createKeyDecoder((key) => keys.push(key));
  decoder.read(Buffer.from("\u001b"));
  await until("the escape", () => keys.length === 1);
  decoder.read(Buffer.from("\u001b[5"));
  const later: Key[] = [];
  createKeyDecoder((key) => later.push(key)).read(Buffer.from("\u001b"));
  await until("an escape that was begun later", () => later.length === 1);
  decoder.read(Buffer.from("~"));
  decoder.stop();
  expect(keys.map(({ name }) => name)).toEqual(["escape", "pageup"]);
});

test("createKeyDecoder() takes an escape for the key if nothing follows", async () => {
  const keys: Key[] = [];
  const decoder = createKeyDecoder((key) => keys.push(key));
  decoder.read(Buffer.from("\u001b"));
  expect(keys).toEqual([]);
  await until("the escape", () => keys.length === 1);
  expect(keys).toEqual([{ name: "escape" }]);
});
