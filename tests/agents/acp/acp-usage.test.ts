import { describe, expect, test } from "bun:test";
import { readUpdate } from "../../../src/agents/acp/acp-messages.ts";
import { createAcpUsage } from "../../../src/agents/acp/acp-usage.ts";
import type { ModelRequest } from "../../../src/domain/hook.ts";

function usageOf(sumsUsage: boolean) {
  const told: ModelRequest[] = [];
  const usage = createAcpUsage({ sumsUsage }, (request) => void told.push(request));
  const update = (fields: object) => {
    const read = readUpdate({ sessionId: "s", update: fields }, "s");
    if (read !== undefined) usage.takeUpdate(read);
  };
  return { told, usage, update };
}
const answer = (fields: object) => ({ stopReason: "end_turn", _meta: {}, ...fields });

describe("createAcpUsage()", () => {
  test("each answer of Qwen Code's model, with the model and the window that the session names", () => {
    const { told, usage, update } = usageOf(false);
    usage.opened({
      models: {
        currentModelId: "m1",
        availableModels: [{ modelId: "m1", name: "Model 1", _meta: { contextLimit: 100 } }],
      },
    });
    const chunk = { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "" } };
    update({ ...chunk, _meta: { usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 } } });
    update(chunk);
    expect(told).toEqual([
      { tokens: 15, model: "Model 1", context_tokens: 10, context_window: 100, isConversation: true },
    ]);
  });

  test("a prompt of Gemini CLI, which names the model", () => {
    const { told, usage } = usageOf(false);
    const quota = { token_count: { input_tokens: 7, output_tokens: 3 }, model_usage: [{ model: "flash" }] };
    usage.takeAnswer(answer({ _meta: { quota } }));
    expect(told).toEqual([{ tokens: 10, model: "flash", isConversation: true }]);
  });

  test("a session's sum is counted once, with the context that the updates tell", () => {
    const { told, usage, update } = usageOf(true);
    update({ sessionUpdate: "usage_update", used: 80, size: 100 });
    usage.takeAnswer(answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
    usage.takeAnswer(answer({ usage: { inputTokens: 50, outputTokens: 10 } }));
    usage.takeAnswer(answer({}));
    const context = { context_tokens: 80, context_window: 100, isConversation: true };
    expect(told).toEqual([
      { tokens: 30, ...context },
      { tokens: 30, ...context },
    ]);
  });
});
