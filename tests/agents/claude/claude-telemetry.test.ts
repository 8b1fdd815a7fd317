import { describe, expect, test } from "bun:test";
import {
  readClaudeDecisions,
  readClaudeTelemetry,
  telemetryEnv,
} from "../../../src/agents/claude/claude-telemetry.ts";

const place = {
  ...{ telemetryUrl: "http://127.0.0.1:4000", token: "secret", isHeadless: false },
  userSettings: { noProxy: "" },
};

describe("telemetryEnv()", () => {
  test("has a session on a terminal export its requests to the host, with the host's token", () => {
    expect(telemetryEnv(place)).toMatchObject({
      CLAUDE_CODE_ENABLE_TELEMETRY: "1",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4000",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer secret",
    });
  });

  test.each([
    { ...place, isHeadless: true },
    { ...place, userSettings: { noProxy: "", telemetryElsewhere: "user sets OTEL_LOGS_EXPORTER" } },
  ])("leaves a headless session, and a user who exports elsewhere, alone: %j", (given) => {
    expect(telemetryEnv(given)).toEqual({});
  });
});

type Value = string | number | { intValue: string };

function logOf(...records: Record<string, Value>[]) {
  const otlpValue = (value: Value) => {
    if (typeof value === "string") return { stringValue: value };
    return typeof value === "number" ? { doubleValue: value } : value;
  };
  const logRecords = records.map((fields) => ({
    attributes: Object.entries(fields).map(([key, value]) => ({ key, value: otlpValue(value) })),
  }));
  return { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
}
const request = { "event.name": "api_request", request_id: "r1" };

describe("readClaudeDecisions()", () => {
  test("names the tool calls that were decided, and no others", () => {
    const decided = { "event.name": "tool_decision", tool_use_id: "t1", decision: "accept" };
    const others = [
      request,
      { "event.name": "tool_result", tool_use_id: "t2" },
      { "event.name": "tool_decision" },
    ];
    const refused = { ...decided, tool_use_id: "t3", decision: "reject" };
    expect(readClaudeDecisions(logOf(decided, ...others, refused))).toEqual([
      { toolUseId: "t1", isAllowed: true },
      { toolUseId: "t3", isAllowed: false },
    ]);
    expect(readClaudeDecisions({ resourceMetrics: [] })).toEqual([]);
  });
});

describe("readClaudeTelemetry()", () => {
  test("reads a request's tokens, cost and model, with numbers as OTLP writes them", () => {
    const counts = {
      ...{ input_tokens: { intValue: "7" }, cache_read_tokens: 100, cache_creation_tokens: 20 },
      ...{ output_tokens: { intValue: "3" }, cost_usd: 0.25, model: "a-model" },
    };
    expect(readClaudeTelemetry(logOf({ ...request, ...counts }))).toEqual([
      { id: "r1", model: "a-model", context_tokens: 127, tokens: 130, cost: 0.25, isConversation: true },
    ]);
  });

  test("a request to a server that gives no id has its time and number, which a repeated export has again", () => {
    const bare = (sequence: number) => ({
      ...{ "event.name": "api_request", "event.timestamp": "2026-11-23T01:24:41.805Z" },
      ...{ "event.sequence": sequence, input_tokens: 5 },
    });
    const read = readClaudeTelemetry(logOf(bare(3), bare(4), bare(3)));
    expect(read.map(({ tokens }) => tokens)).toEqual([5, 5, 5]);
    expect(new Set(read.map(({ id }) => id)).size).toBe(2);
  });

  test("a figure that is missing, negative or no number is 0", () => {
    const odd = { input_tokens: -5, output_tokens: { intValue: "many" }, cost_usd: -1 };
    expect(readClaudeTelemetry(logOf({ ...request, ...odd }))).toEqual([
      { id: "r1", model: undefined, context_tokens: 0, tokens: 0, cost: 0, isConversation: true },
    ]);
  });

  test.each(["generate_session_title", "compact", "prompt_suggestion", "quota", "summarize"])(
    "a request for %s is no part of the conversation",
    (query_source) => {
      const [read] = readClaudeTelemetry(logOf({ ...request, query_source }));
      expect(read?.isConversation).toBe(false);
    },
  );

  test("takes requests alone, of whichever record, and those that have an id", () => {
    const log = logOf(
      { "event.name": "tool_result", request_id: "r0" },
      { "event.name": "api_request" },
      request,
      { ...request, request_id: "r2" },
    );
    expect(readClaudeTelemetry(log).map(({ id }) => id)).toEqual(["r1", "r2"]);
  });

  test.each([[undefined], ["x"], [{}], [{ resourceLogs: {} }], [{ resourceLogs: [{ scopeLogs: 7 }] }]])(
    "of %j there are none",
    (payload) => expect(readClaudeTelemetry(payload)).toEqual([]),
  );
});
