import { expect, test } from "bun:test";
import { readLines } from "../../../src/cli/through-serve/read-lines.ts";

async function* bytes(...texts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* texts;
}

async function linesOf(text: string, cutAt: number): Promise<string[]> {
  const all = new TextEncoder().encode(text);
  return await Array.fromAsync(readLines(bytes(all.subarray(0, cutAt), all.subarray(cutAt))));
}

test("readLines() gives each whole line, wherever the pieces are cut, and not one that was cut off", async () => {
  const text = "Zoë\n\nnext\ncut o";
  for (let at = 0; at <= new TextEncoder().encode(text).length; at += 1)
    expect(await linesOf(text, at)).toEqual(["Zoë", "", "next"]);
});
