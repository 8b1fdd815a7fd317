import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { openClaudeStream } from "../../../../src/agents/claude/stream/claude-stream.ts";
import type { HookAnswer } from "../../../../src/domain/hook.ts";
import { silentPipes } from "../../silent-pipes.ts";

describe("openClaudeStream()", () => {
  test("a line of the stream ends at its line feed, whatever else of the kind its text holds", async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const results: string[] = [];
    openClaudeStream({
      ...silentPipes({ version: "2.1.62" }),
      ...{ stdin, stdout },
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

  test.each([
    [{ isResumed: true }, 3_100],
    [{ passedOn: ["--resume", "x"] }, 3_100],
    [{ passedOn: ["-c"] }, 3_100],
    [{}, 0],
  ])(
    "a session begun with %j has %d restored tokens, which its first result includes",
    async (more, restored) => {
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const told: unknown[] = [];
      const pipes = silentPipes({ version: "2.1.62" });
      openClaudeStream({
        ...pipes,
        ...{ stdin, stdout, launch: { ...pipes.launch, ...more } },
        onEvent: ({ usage }) => told.push(usage?.restored_tokens),
      });
      const modelUsage = { m: { inputTokens: 4_500 } };
      stdout.end(`${JSON.stringify({ type: "result", usage: { input_tokens: 1_400 }, modelUsage })}\n`);
      await once(stdout, "close");
      expect(told).toEqual([restored]);
    },
  );

  test("a hook of the stream is answered in its own form; one that cannot be read lets the CLI go on", async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const answer: HookAnswer = { type: "deny", reason: "not now" };
    openClaudeStream({ ...silentPipes({ version: "2.1.62" }), stdin, stdout, onHook: async () => answer });
    const call = (request_id: string, input: object) =>
      stdout.write(
        `${JSON.stringify({ type: "control_request", request_id, request: { subtype: "hook_callback", input } })}\n`,
      );
    call("c1", { hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: {} });
    const [denied] = await once(stdin, "data");
    expect(JSON.parse(`${denied}`).response).toMatchObject({
      request_id: "c1",
      response: { hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: "not now" } },
    });
    call("c2", { no: "hook" });
    const [passed] = await once(stdin, "data");
    expect(JSON.parse(`${passed}`).response).toMatchObject({ request_id: "c2", response: {} });
  });
});
