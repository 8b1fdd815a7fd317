import { describe, expect, test } from "bun:test";
import { appendFile, stat, writeFile } from "node:fs/promises";
import { followPipe, makePipe } from "../../../src/agents/qwen/qwen-events.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("followPipe()", () => {
  test("each line is read once it is whole, over several writers, until it is told to stop", async () => {
    await using dir = await tempDir();
    const path = dir.join("events.pipe");
    await writeFile(path, "an older file");
    expect(await makePipe(path)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const lines: unknown[] = [];
    const over = new AbortController();
    const following = followPipe(path, (line) => void lines.push(line), over.signal);
    await appendFile(path, '{"n":1}\n{"word":"ü');
    await waitFor(() => lines.length === 1, { what: "the first line" });
    const large = "x".repeat(200_000);
    await appendFile(path, `"}\nno JSON\n${JSON.stringify({ large })}\n`);
    await waitFor(() => lines.length === 4, { what: "the others" });
    expect(lines).toEqual([{ n: 1 }, { word: "ü" }, undefined, { large }]);
    over.abort();
    await following;
  });

  test("a place where no pipe can be made has none", async () => {
    await using dir = await tempDir();
    expect(await makePipe(dir.join("no", "folder"))).toBe(false);
  });
});
