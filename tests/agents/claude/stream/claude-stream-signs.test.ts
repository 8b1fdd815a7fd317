import { describe, expect, test } from "bun:test";
import { createStreamSigns } from "../../../../src/agents/claude/stream/claude-stream-signs.ts";

const assistant = (more: object = {}) => ({
  type: "assistant",
  parent_tool_use_id: null,
  message: { model: "claude-opus-5-5" },
  ...more,
});
const result = (more: object) => ({ type: "result", is_error: false, ...more });

describe("createStreamSigns()", () => {
  test("a result says whether the model was asked: by an answer since the last, or by the tokens that it counts", () => {
    const signs = createStreamSigns();
    expect(signs.read(assistant()).signs).toEqual([{ type: "answer" }]);
    expect(signs.read(result({ result: "Done." })).result).toEqual({
      ...{ isError: false, wasAsked: true, text: "Done.", said: "Done." },
    });
    expect(signs.read(result({ result: "blocked", num_turns: 0 })).result).toMatchObject({ wasAsked: false });
    expect(signs.read(result({ usage: { input_tokens: 3 } })).result).toMatchObject({ wasAsked: true });
  });

  test.each([
    [
      { subtype: "error_max_turns", is_error: true, errors: ["Reached maximum number of turns (1)"] },
      "Reached",
    ],
    [{ subtype: "success", terminal_reason: "hook_stopped", result: "" }, "hook stopped"],
    [{ subtype: "error_during_execution", is_error: true }, "error during execution"],
  ])("a turn that was broken off has failed, in its own words: %p", (fields, words) => {
    const { result: read } = createStreamSigns().read(result(fields));
    expect(read).toMatchObject({ isError: true, text: expect.stringContaining(words) });
  });

  test("a stop hook of the user's that forbids to go on is an end like another", () => {
    const read = createStreamSigns().read(
      result({ terminal_reason: "stop_hook_prevented", result: "Done." }),
    );
    expect(read.result).toMatchObject({ isError: false, text: "Done." });
  });

  test("what the CLI writes in the model's place is no answer, and what a subagent's model says is none to the session", () => {
    const signs = createStreamSigns();
    expect(signs.read(assistant({ message: { model: "<synthetic>" } })).signs).toEqual([]);
    expect(signs.read(result({})).result).toMatchObject({ wasAsked: false });
    expect(signs.read(assistant({ agent_id: "a1" })).signs).toEqual([]);
    expect(signs.read(assistant({ parent_tool_use_id: "toolu_1" })).signs).toEqual([]);
    expect(signs.read(result({})).result).toMatchObject({ wasAsked: true });
  });

  test("a prompt is in the conversation once it is said again; one that a hook kept from the model is told as such", () => {
    const signs = createStreamSigns();
    const replay = {
      type: "user",
      isReplay: true,
      message: { role: "user", content: "[cliai task t1] dig" },
    };
    expect(signs.read(replay).signs).toEqual([{ type: "taken", text: JSON.stringify(replay) }]);
    const refused = {
      ...{ type: "system", subtype: "informational", content: "Original prompt: [cliai task t1] dig" },
      prompt_submit_outcome: { kind: "blocked_by_hook", prompt_kept: false, reason: "no such words" },
    };
    expect(signs.read(refused).signs).toEqual([
      { type: "refused", text: refused.content, reason: "no such words" },
    ]);
  });

  test("what runs in the background is the list that the stream has last told", () => {
    const tasks = [
      { task_id: "b1", task_type: "local_bash", description: "npm run build" },
      { task_id: "a1", task_type: "local_agent", description: "look" },
      { task_id: "m1", task_type: "monitor" },
      "no task",
    ];
    const line = { type: "system", subtype: "background_tasks_changed", tasks };
    expect(createStreamSigns().read(line).signs).toEqual([
      {
        type: "background",
        tasks: [
          { id: "b1", type: "shell", description: "npm run build" },
          { id: "a1", type: "subagent", description: "look" },
          { id: "m1", type: "task" },
        ],
      },
    ]);
  });

  test("what the session's own model says are its words; a failed turn, an empty one and a subagent have none", () => {
    const signs = createStreamSigns();
    const content = [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "I look." },
      { type: "tool_use" },
    ];
    const message = { model: "claude-opus-5-5", content };
    expect(signs.read(assistant({ message }))).toMatchObject({ words: "I look." });
    expect(signs.read(assistant({ message, agent_id: "a1" })).words).toBeUndefined();
    expect(signs.read(assistant({ message: { ...message, model: "<synthetic>" } })).words).toBeUndefined();
    expect(
      signs.read(assistant({ message: { ...message, content: [{ type: "tool_use" }] } })).words,
    ).toBeUndefined();
    expect(signs.read(result({ result: "" })).result?.said).toBeUndefined();
    signs.read(assistant());
    expect(signs.read(result({ is_error: true, result: "API Error" })).result?.said).toBeUndefined();
  });

  test("a usage limit that is reached is told with its end; one that is not reached tells nothing", () => {
    const { read } = createStreamSigns();
    const limit = (status: string, more: object = { resetsAt: 1_796_052_300 }) =>
      read({ type: "rate_limit_event", rate_limit_info: { status, rateLimitType: "five_hour", ...more } })
        .signs;
    expect(limit("rejected")).toEqual([{ type: "limit", resetsAtMs: 1_796_052_300_000 }]);
    expect(limit("allowed_warning")).toEqual([]);
    expect(limit("rejected", {})).toEqual([]);
  });

  test("a request that is made again is told with its number and why; what cannot be read so is not", () => {
    const { read } = createStreamSigns();
    const retry = {
      type: "system",
      subtype: "api_retry",
      attempt: 4,
      max_retries: 10,
      retry_delay_ms: 4_873,
    };
    const signsOf = (more: object) => read({ ...retry, ...more }).signs;
    expect(signsOf({ error_status: 401, error: "authentication_failed" })).toEqual([
      { type: "retry", detail: "4/10: 401 authentication_failed", error: "authentication" },
    ]);
    expect(signsOf({ error_status: 529, error: "overloaded" })).toEqual([
      { type: "retry", detail: "4/10: 529 overloaded", error: "overloaded" },
    ]);
    expect(signsOf({ error_status: null, error: "unknown" })).toEqual([
      { type: "retry", detail: "4/10: no answer unknown", error: "other" },
    ]);
    expect(signsOf({ attempt: "four" })).toEqual([]);
  });

  test("the tokens of a turn are told while it runs, each message once, and with the result as the CLI sums them up", () => {
    const signs = createStreamSigns();
    const answer = (id: string, tokens: number, more: object = {}) =>
      signs.read({
        type: "assistant",
        ...more,
        message: { id, model: "m", usage: { input_tokens: tokens, output_tokens: 1 } },
      }).usage;
    expect(answer("a", 100)).toEqual({
      tokens_used: 101,
      source: "results",
      model: "m",
      context_tokens: 100,
      restored_tokens: 0,
    });
    expect(answer("a", 100)).toBeUndefined();
    expect(answer("sub", 1_000, { parent_tool_use_id: "t" })).toMatchObject({
      tokens_used: 1_102,
      context_tokens: 100,
    });
    expect(answer("b", 200)).toMatchObject({ tokens_used: 1_303, context_tokens: 200 });
    expect(answer("b", 200, { message: {} })).toBeUndefined();
    const end = result({ modelUsage: { m: { inputTokens: 1_300, outputTokens: 60 } }, total_cost_usd: 0.1 });
    expect(signs.read(end).usage).toMatchObject({
      tokens_used: 1_360,
      restored_tokens: 0,
      estimated_cost: 0.1,
    });
    expect(answer("c", 300)).toMatchObject({ tokens_used: 1_661 });
  });

  test("a resumed session tells its tokens from its first result on, because they include those of earlier runs", () => {
    const signs = createStreamSigns({ isResumed: true });
    const answer = (id: string) =>
      signs.read({ type: "assistant", message: { id, usage: { input_tokens: 10, output_tokens: 0 } } }).usage;
    expect(answer("a")).toBeUndefined();
    const end = result({ usage: { input_tokens: 10 }, modelUsage: { m: { inputTokens: 5_010 } } });
    expect(signs.read(end).usage).toMatchObject({ tokens_used: 5_010, restored_tokens: 5_000 });
    expect(answer("b")).toMatchObject({ tokens_used: 5_020, restored_tokens: 5_000 });
  });

  test("a result that names no model takes no tokens back, and they are told again with the next one", () => {
    const signs = createStreamSigns();
    const usage = (modelUsage: object) => signs.read(result({ modelUsage })).usage;
    expect(usage({ m: { inputTokens: 1_000 } })).toMatchObject({ tokens_used: 1_000 });
    expect(usage({})).not.toHaveProperty("tokens_used");
    expect(usage({ m: { inputTokens: 1_100 } })).toMatchObject({ tokens_used: 1_100, restored_tokens: 0 });
  });

  test("sums that are larger than the first turn's show what the CLI has restored, also with the later turns", () => {
    const signs = createStreamSigns({ isResumed: true });
    const turn = (inputTokens: number) =>
      signs.read(
        result({
          usage: { input_tokens: 1_500, output_tokens: 50 },
          total_cost_usd: 0.3,
          modelUsage: { m: { inputTokens, outputTokens: 150 } },
        }),
      ).usage;
    expect(turn(4_500)).toMatchObject({ tokens_used: 4_650, restored_tokens: 3_100, estimated_cost: 0.3 });
    expect(turn(6_000)).toMatchObject({ tokens_used: 6_150, restored_tokens: 3_100 });
  });
});
