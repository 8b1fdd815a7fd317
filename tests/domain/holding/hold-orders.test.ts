import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { type Hold, holderName } from "../../../src/domain/holding/hold.ts";
import { goesOnAfter, neededOrder, overriddenOf } from "../../../src/domain/holding/hold-orders.ts";
import type { CommandRecord, OrderType } from "../../../src/domain/receipts.ts";
import type { ReceiptState } from "../../../src/domain/wire/messages.ts";
import { ago, alive, now, recordOf } from "../../support/agent-records.ts";

const until = ago(-600);
const hold: Hold = {
  ...{ reason: "usage_limit", source: "a", words: "usage limit", until },
  ...{ since: ago(60), after_seq: 2 },
};

/** `ours pause`, `kim resume failed`: who gives an order, which, and its last receipt. */
function orders(...lines: readonly string[]): CommandRecord[] {
  return lines.map((line, place) => {
    const [who = "", type = "", state = "applied"] = line.split(" ");
    return {
      command_id: who === "ours" ? `hold-${place}` : `c${place}`,
      type: type as OrderType,
      from: who === "ours" ? holderName : who,
      summary: "",
      stream_seq: place + 1,
      issued_at: ago(20),
      receipts: [{ state: state as ReceiptState, at: ago(20) }],
    };
  });
}

const record = (lines: readonly string[], more: Partial<AgentRecord> = {}) =>
  recordOf({ ...alive, commands: orders(...lines), ...more });

describe("neededOrder()", () => {
  test.each<[readonly string[], held: string, free: string]>([
    [[], "pause", ""],
    [["ours pause"], "", "resume"],
    [["ours pause delivered"], "", "resume"],
    [["kim pause"], "", ""],
    [["ours pause", "kim pause"], "", ""],
    [["kim pause", "ours pause"], "", ""],
    [["ours pause", "ours resume"], "pause", ""],
    [["kim pause", "kim resume", "ours pause"], "", "resume"],
    [["ours pause", "kim stop delivered"], "", ""],
    [["ours pause", "kim stop refused"], "", "resume"],
    [["ours pause expired"], "", ""],
    [["kim pause failed"], "pause", ""],
  ])("after %j a held agent needs %p, and one that is not held %p", (lines, held, free) => {
    expect(neededOrder([hold], record(lines), now) ?? "").toBe(held);
    expect(neededOrder([], record(lines), now) ?? "").toBe(free);
  });

  test("a pause that was not carried out is given again, but not at once", () => {
    const later = new Date(now.getTime() + 30_000);
    expect(neededOrder([hold], record(["ours pause expired"]), later)).toBe("pause");
  });
});

describe("goesOnAfter()", () => {
  const over: Hold = { ...hold, until: ago(1) };
  const budget: Hold = { ...hold, reason: "budget", source: "b", words: "budget", until: ago(-60) };
  const goes = (holds: readonly Hold[], ...lines: readonly string[]) =>
    goesOnAfter(over, holds, record(lines), now);

  test("it goes on if nothing else holds it, or what does ends now as well", () => {
    expect(goes([over])).toBe(true);
    expect(goes([over], "ours pause")).toBe(true);
    expect(goes([over, { ...budget, until: ago(1) }], "ours pause")).toBe(true);
    expect(goes([over, budget], "ours pause", "ours pause", "kim resume")).toBe(true);
  });

  test("not if another hold stands, or a person has paused or stopped it", () => {
    expect(goes([over, budget], "ours pause")).toBe(false);
    expect(goes([over], "ours pause", "kim pause")).toBe(false);
    expect(goes([over], "kim pause")).toBe(false);
    expect(goes([over], "ours pause", "kim stop delivered")).toBe(false);
  });
});

describe("overriddenOf()", () => {
  test.each<[readonly string[], number]>([
    [["kim pause", "kim resume", "ours pause"], 0],
    [["kim pause", "kim resume", "ours pause", "kim resume stored"], 1],
    [["a pause", "b task", "ours pause", "ours resume"], 0],
    [["a pause", "b task", "ours pause", "kim resume failed"], 0],
    // The hold stands behind a pause of kim's own, and nobody was told of it.
    [["a task", "kim pause", "kim resume"], 0],
    [["ours pause", "ours resume", "kim pause", "kim resume"], 0],
    [["a task", "ours pause failed", "kim pause", "kim resume"], 0],
    [["a task", "kim pause", "ours pause", "kim resume"], 1],
  ])("after %j, %p holds are overridden", (lines, count) => {
    expect(overriddenOf([hold], record(lines))).toHaveLength(count);
  });
});

describe("what is shown of a held agent", () => {
  const shown = (lines: readonly string[], more: Partial<AgentRecord> = { holds: [hold] }) => {
    const { status, axes } = viewAgent(record(lines, more), now);
    return [status, axes.control.value, axes.control.reason, axes.control.until];
  };

  test("it is held once its own pause is carried out, with the reason and the end", () => {
    expect(shown(["ours pause"])).toEqual(["held", "held", "usage limit", until]);
    const asked = ["connected", "pause_requested", "pause by cliai: usage limit", undefined];
    expect(shown(["ours pause delivered"])).toEqual(asked);
  });

  test("with a person's pause it is paused, whatever else holds it", () => {
    const paused = ["paused", "paused", "pause by kim; also held: usage limit", undefined];
    expect(shown(["ours pause", "kim pause"])).toEqual(paused);
    expect(shown(["ours pause", "kim pause"], {})[2]).toBe("pause by kim");
  });

  test("without an end it says none, and nothing that has been let go", () => {
    const { until: _, ...endless } = hold;
    expect(shown(["ours pause"], { holds: [endless] })).toEqual(["held", "held", "usage limit", undefined]);
    expect(shown(["ours pause"], {})).toEqual(["paused", "paused", "pause by cliai", undefined]);
  });
});
