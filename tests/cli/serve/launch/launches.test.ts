// Whether an agent that a server has launched is there, and whether one that ended was to end.
import { describe, expect, test } from "bun:test";
import { isStopped, isThere } from "../../../../src/cli/serve/launch/launches.ts";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../../../src/domain/receipts.ts";
import { ago, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const view = (fields: Partial<AgentRecord>) => viewAgent(recordOf(fields), now);
const beat = (s: number) => ({ heartbeat: beatOf(s, { instance_id: "r2" }) });

describe("isThere()", () => {
  test("is an agent that is online with another run than before, and has told something", () => {
    const told = { ...beat(5), said: saidOf("connected") };
    expect([isThere(view(told), "r1"), isThere(view(told), undefined)]).toEqual([true, true]);
    expect(isThere(view(told), "r2")).toBe(false);
    expect(isThere(view({ ...told, ...beat(90) }), "r1")).toBe(false);
    expect(isThere(view({ heartbeat: beatOf(5) }), "r1")).toBe(false); // of a run that has no name
    expect(isThere(undefined, "r1")).toBe(false);
  });

  test("is none whose CLI has not reported anything yet", () => {
    expect(isThere(view({ ...beat(5), said: saidOf("starting") }), "r1")).toBe(false);
  });
});

describe("isStopped()", () => {
  const stop = (fields: Partial<CommandRecord>): CommandRecord => ({
    ...orderOf("stop"),
    run: "r2",
    ...fields,
  });
  const lost = { run_ended: { at: ago(3), how: "SIGKILL" } };
  const of = (command: CommandRecord, s = 500) => isStopped(view({ ...beat(s), commands: [command] }));

  test("is one that was asked to stop, or has said that it did", () => {
    expect(of(stop({}), 5)).toBe(true);
    expect(isStopped(view({ ...beat(5), said: saidOf("stopped") }))).toBe(true);
    expect(isStopped(view({ ...beat(5), said: saidOf("crashed") }))).toBe(false);
    expect(isStopped(undefined)).toBe(false);
  });

  test("is one whose run has ended otherwise before the stop was carried out, and no later run of it", () => {
    const failed = { receipts: [{ state: "failed" as const, at: ago(3) }] };
    expect(of(stop({ ...failed, ...lost }))).toBe(true);
    expect(of(stop({ ...failed, ...lost, type: "shutdown" }))).toBe(true);
    expect(of(stop(failed))).toBe(false);
    expect(of(stop({ ...failed, ...lost, run: "r1" }))).toBe(false);
    expect(of(stop({ ...failed, ...lost, type: "pause" }))).toBe(false);
  });
});
