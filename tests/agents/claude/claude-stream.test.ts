import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { claudeStream } from "../../../src/agents/claude/claude-stream.ts";

describe("claudeStream", () => {
  test("a line of the stream ends at its line feed, whatever else of the kind its text holds", async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const results: string[] = [];
    claudeStream.open({
      stdin,
      stdout,
      hooks: { holdS: 60, version: "2.1.62" },
      onEvent: () => undefined,
      onSign: () => undefined,
      onHook: async () => ({}),
      onToolResult: () => undefined,
      onResult: ({ text }) => results.push(text),
      onWords: (words) => results.push(words),
    });
    const text = "one\u2028two\u2029three\u0085é";
    const lines = Buffer.from(`${JSON.stringify({ type: "result", result: text })}\n`);
    // Cut inside a character.
    stdout.write(lines.subarray(0, -6));
    stdout.end(lines.subarray(-6));
    await once(stdout, "close");
    expect(results).toEqual([text]);
  });
});
