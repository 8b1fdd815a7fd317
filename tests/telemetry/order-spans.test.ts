import { describe, expect, test } from "bun:test";
import { type FleetEvent, reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { orderSpans } from "../../src/telemetry/order-spans.ts";
import { ada } from "../support/agents.ts";

const at = (s: number) => `2026-01-01T00:00:0${s}.000Z`;
const order: FleetEvent = {
  id: ada,
  at: at(0),
  type: "command",
  stream_seq: 7,
  message: { command_id: "c1", type: "pause", from: "kim", issued_at: at(0) },
};
const receipt = (state: "delivered" | "applied", s: number): FleetEvent => ({
  id: ada,
  at: at(s),
  type: "receipt",
  audit_seq: s,
  message: { agent_id: ada, command_id: "c1", state },
});

/** The names of the spans after each event. */
function spansOf(events: readonly FleetEvent[]): string[][] {
  return events.map((event, i) => {
    const [before, after] = [i, i + 1].map((end) =>
      events
        .slice(0, end)
        .reduce<ReturnType<typeof reduceAgent> | undefined>(reduceAgent, undefined)
        ?.commands.find(({ command_id }) => command_id === "c1"),
    );
    return after === undefined
      ? [String(event.type)]
      : orderSpans(ada, before, after).map(({ name }) => name);
  });
}

describe("orderSpans()", () => {
  test("gives a span for each step, and with the end that of the order", () => {
    const spans = spansOf([order, receipt("delivered", 1), receipt("applied", 2)]);
    expect(spans).toEqual([[], ["order delivered"], ["order applied", "send pause"]]);
  });

  test.each([0, 1, 2])("gives the same ones if %d receipts are read before their order", (early) => {
    const receipts = [receipt("delivered", 1), receipt("applied", 2)];
    const spans = spansOf([...receipts.slice(0, early), order, ...receipts.slice(early)]);
    expect(spans.slice(0, early).flat()).toEqual([]);
    expect(spans.flat()).toEqual(["order delivered", "order applied", "send pause"]);
  });
});
