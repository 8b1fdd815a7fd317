// What the axis `control` says of several orders, and why. tests/domain/fleet/status.test.ts has the values of single ones.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { deriveControl } from "../../../../src/domain/fleet/axis/control.ts";
import type { CommandRecord, OrderType } from "../../../../src/domain/receipts.ts";
import type { ReceiptState } from "../../../../src/domain/wire/messages.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const ended = (type: OrderType, state: ReceiptState, from = "me"): CommandRecord => ({
  ...orderOf(type, { state: "delivered", at: ago(40) }, { state, at: ago(30) }),
  from,
});
const online = { value: "online", source: "heartbeat", reason: "heartbeat in time" } as const;
const controlOf = (record: AgentRecord, at: Date) => deriveControl(record, online, at);
const control = (...commands: CommandRecord[]) => controlOf(recordOf({ ...alive, commands }), now);

describe("deriveControl()", () => {
  test.each(["refused", "failed", "expired"] as const)(
    "lets the order before hold if the last one has ended as %p",
    (state) => {
      const paused = ended("pause", "applied");
      expect(control(paused, ended("resume", state, "eve"))).toEqual({
        value: "paused",
        source: "command",
        at: ago(30),
        age_s: 30,
        reason: "pause by me; resume by eve was not carried out",
      });
      expect(control(paused, ended("stop", state, "eve"))).toMatchObject({
        value: "paused",
        reason: "pause by me; stop by eve was not carried out",
      });
      expect(control(paused, ended("resume", "applied"), ended("pause", state, "eve"))).toMatchObject({
        value: "running",
        reason: "resume by me; pause by eve was not carried out",
      });
      expect(control(ended("stop", state, "eve"))).toEqual({
        value: "running",
        source: "command",
        at: ago(60),
        age_s: 60,
        reason: "stop by eve was not carried out",
      });
    },
  );

  test.each([
    ["pause", "pause_requested", "paused"],
    ["stop", "stop_requested", "stopped"],
    ["shutdown", "stop_requested", "stopped"],
    ["resume", "running", "running"],
  ] as const)(
    "rests a %s on the order: asked for since it was issued, done since it was applied",
    (type, asked, done) => {
      const why = { source: "command" as const, reason: `${type} by me` };
      expect(control(orderOf(type))).toEqual({ value: asked, at: ago(60), age_s: 60, ...why });
      expect(control(ended(type, "applied"))).toEqual({ value: done, at: ago(30), age_s: 30, ...why });
    },
  );

  test("is asked for nothing by tasks, messages, and orders of which only receipts were read", () => {
    const nothing = { value: "running", source: "none", reason: "nothing else was asked" } as const;
    expect(control(orderOf("task"), orderOf("message"), { ...orderOf("stop"), stream_seq: 0 })).toEqual(
      nothing,
    );
    expect(control()).toEqual(nothing);
  });

  test("says why nothing can hold the agent, before a pause is asked for and after", () => {
    const heartbeat = beatOf(5, { unheld: "its hooks are off" });
    const why = "nothing can hold this agent: its hooks are off";
    expect(controlOf(recordOf({ heartbeat }), now).reason).toBe(why);
    expect(controlOf(recordOf({ heartbeat, commands: [orderOf("pause")] }), now)).toMatchObject({
      value: "pause_requested",
      reason: `pause by me; ${why}`,
    });
  });

  test("is not asked for what an earlier run was: by the order's run, else by when it was delivered", () => {
    const of = (order: CommandRecord, instance_id: string, run_started_at: string) =>
      controlOf(recordOf({ heartbeat: beatOf(5, { instance_id }), run_started_at, commands: [order] }), now)
        .value;
    const stop = { ...ended("stop", "delivered"), run: "r1" };
    expect(of(stop, "r1", ago(300))).toBe("stop_requested");
    expect(of(stop, "r2", ago(300))).toBe("running");
    const unnamed = orderOf("stop", { state: "delivered", at: ago(40) });
    expect(of(unnamed, "r2", ago(40))).toBe("stop_requested");
    expect(of(unnamed, "r2", ago(39))).toBe("running");
    expect(of(orderOf("stop"), "r2", ago(39))).toBe("stop_requested");
  });

  test("believes the agent that it is paused only without events of its session; and always that it has stopped", () => {
    const says = (status: string, fields: object = {}) =>
      controlOf(recordOf({ ...alive, said: saidOf(status), ...fields }), now);
    expect(says("paused")).toMatchObject({ value: "paused", source: "status", reason: "says it is paused" });
    const session = { started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 1 };
    expect(says("paused", { session }).value).toBe("running");
    expect(says("stopped", { session, commands: [orderOf("pause")] })).toMatchObject({
      value: "stopped",
      source: "status",
      reason: "said it stopped",
    });
  });

  test("is unknown of an agent that is gone, unless it was stopped, or told to", () => {
    const of = (source: "status" | "connection", ...commands: CommandRecord[]) => {
      const link = { value: "offline", source, at: ago(9), reason: "gone" } as const;
      const { value, reason, age_s } = deriveControl(recordOf({ ...alive, commands }), link, now);
      return [value, reason, age_s];
    };
    const gone = ["unknown", "it does not run", 9];
    expect([of("status"), of("status", ended("resume", "applied"))]).toEqual([gone, gone]);
    expect([of("status", orderOf("pause")), of("status", ended("pause", "applied"))]).toEqual([gone, gone]);
    expect(of("connection")).toEqual(["unknown", "it is not connected", 9]);
    expect(of("connection", ended("pause", "applied"))[0]).toBe("paused");
    expect(of("status", ended("stop", "applied"))[0]).toBe("stopped");
    expect(of("status", orderOf("stop"))[0]).toBe("stop_requested");
  });
});
