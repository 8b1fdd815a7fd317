import { expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { canBeLetGo, keptBack } from "../../../../src/domain/fleet/shown/let-go.ts";
import { ago, alive, now, orderOf, recordOf } from "../../../support/agent-records.ts";

const failed = (error: "usage_limit" | "overloaded") => ({
  session: {
    ...{ started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 1 },
    turn: { since: ago(200), ended_at: ago(20) },
    turn_error: { error, detail: "429", at: ago(20) },
  },
});
const pause = orderOf("pause", { state: "applied", at: ago(9) });

test.each([
  ["works", {}, undefined],
  ["is paused", { commands: [pause] }, "paused"],
  ["is about to be paused", { commands: [orderOf("pause")] }, "paused"],
  ["is at a limit, and nothing holds it", failed("usage_limit"), "at a usage limit"],
  ["is at a limit, and paused", { ...failed("usage_limit"), commands: [pause] }, "paused"],
  ["is stopping at a limit", { ...failed("usage_limit"), commands: [orderOf("stop")] }, undefined],
  ["has failed at an overload", failed("overloaded"), undefined],
] as const)("keptBack() of an agent that %s", (_what, fields, kept) => {
  const view = viewAgent(recordOf({ ...alive, ...fields }), now);
  expect(keptBack(view)).toBe(kept);
  expect(canBeLetGo(view)).toBe(kept !== undefined);
});
