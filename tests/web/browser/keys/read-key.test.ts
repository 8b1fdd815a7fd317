import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/keys/read-key.js");
type Pressed = { readonly key: string; readonly atMs: number };
type Row = { readonly keys: readonly string[] };
const { readKey, pairMs } = (await import(script)) as {
  readonly pairMs: number;
  readonly readKey: (
    table: readonly Row[],
    key: string,
    atMs: number,
    before?: Pressed,
  ) => { readonly row?: Row; readonly first?: Pressed };
};

const stop: Row = { keys: ["s"] };
const system: Row = { keys: ["g s"] };
const move: Row = { keys: ["j", "k"] };
const table = [system, move, stop];

describe("readKey()", () => {
  test("finds the row of a single key", () => {
    expect(readKey(table, "k", 0)).toEqual({ row: move });
    expect(readKey(table, "x", 0)).toEqual({});
  });

  test("waits for the second key of a pair, and finds the pair's row", () => {
    const { first, row } = readKey(table, "g", 100);
    expect([first, row]).toEqual([{ key: "g", atMs: 100 }, undefined]);
    expect(readKey(table, "s", 100 + pairMs, first)).toEqual({ row: system });
  });

  test("lets no second key act alone, so that a slip after g stops no agent", () => {
    expect(readKey([{ keys: ["g f"] }, stop], "s", 1, { key: "g", atMs: 0 })).toEqual({});
  });

  test("takes a key that comes too late for a pair as a key of its own", () => {
    expect(readKey(table, "s", pairMs + 1, { key: "g", atMs: 0 })).toEqual({ row: stop });
  });
});
