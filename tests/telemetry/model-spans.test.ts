import { describe, expect, test } from "bun:test";
import type { ModelRequestEvidence } from "../../src/domain/fleet/agent-record.ts";
import { createModelSpans } from "../../src/telemetry/model-spans.ts";
import { ago, beatOf, recordOf } from "../support/agent-records.ts";

const turn = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
const working: ModelRequestEvidence = { server: "gpu", model: "tiny", state: "working", since: ago(60) };
const beat = (model_request?: ModelRequestEvidence) =>
  recordOf({ heartbeat: model_request === undefined ? beatOf(0) : { ...beatOf(0), model_request } });

describe("createModelSpans()", () => {
  test("gives one span for a request, in the turn in which it began, with what was told of it meanwhile", () => {
    const spans = createModelSpans();
    expect(spans.take(beat({ ...working, state: "waiting" }), ago(70), turn)).toEqual([]);
    expect(spans.take(beat(working), ago(60), turn)).toEqual([]);
    const later = { ...working, since: ago(59.6), prompt_tokens: 900 };
    expect(spans.take(beat(later), ago(50), undefined)).toEqual([]);
    const [span, ...more] = spans.take(beat({ server: "gpu", state: "idle" }), ago(40), undefined);
    expect(more).toEqual([]);
    expect(span).toMatchObject({
      ...{ traceId: turn.traceId, parentId: turn.spanId, name: "chat tiny", kind: "client" },
      ...{ startMs: Date.parse(ago(60)), endMs: Date.parse(ago(40)), error: undefined },
    });
    expect(span?.attributes).toMatchObject({
      ...{ "gen_ai.operation.name": "chat", "gen_ai.request.model": "tiny" },
      ...{ "gen_ai.usage.input_tokens": 900, "cliai.model_server": "gpu" },
    });
    expect(spans.take(beat({ server: "gpu", state: "idle" }), ago(30), turn)).toEqual([]);
  });

  test.each<[string, ModelRequestEvidence | undefined, string, string | undefined]>([
    ["the next request", { ...working, since: ago(20) }, ago(20), undefined],
    ["a wait for the next one", { ...working, state: "waiting", since: ago(25) }, ago(25), undefined],
    ["a cancellation", { ...working, state: "cancelled", since: ago(15) }, ago(15), "cancelled"],
    ["a host that tells of none any more", undefined, ago(10), undefined],
  ])("a request ends with %s", (_, next, end, error) => {
    const spans = createModelSpans();
    spans.take(beat(working), ago(60), undefined);
    const [span] = spans.take(beat(next), ago(10), undefined);
    expect([span?.endMs, span?.error]).toEqual([Date.parse(end), error]);
  });
});
