import { describe, expect, test } from "bun:test";
import type { Usage } from "../../../src/domain/wire/event-messages.ts";
import { createUsageMeter } from "../../../src/host/hear/usage-meter.ts";

function meter() {
  const reports: Usage[] = [];
  return { reports, count: createUsageMeter((usage) => reports.push(usage)) };
}

describe("createUsageMeter()", () => {
  test("adds up the requests, and counts one that is told twice once", () => {
    const { reports, count } = meter();
    const first = { id: "r1", model: "m", tokens: 10, context_tokens: 8, cost: 0.5, isConversation: true };
    count([first, first], "telemetry");
    count([first], "telemetry");
    count([{ ...first, id: "r2", tokens: 5, context_tokens: 12, isConversation: false }], "telemetry");
    expect(reports).toEqual([
      { model: "m", context_tokens: 8, tokens_used: 10, estimated_cost: 0.5, source: "telemetry" },
      { model: "m", context_tokens: 8, tokens_used: 15, estimated_cost: 1, source: "telemetry" },
    ]);
  });

  test("a CLI that tells no cost has none, which is not 0; requests without an id are all counted", () => {
    const { reports, count } = meter();
    const request = { tokens: 7, context_window: 100, isConversation: true };
    count([request, request], "session");
    expect(reports).toEqual([{ context_window: 100, tokens_used: 14, source: "session" }]);
  });
});
