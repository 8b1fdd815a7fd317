import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../support/agent-records.ts";

const said = (status: string, s = 5, instance_id?: string) =>
  saidOf(status, s, instance_id === undefined ? {} : { instance_id });
const beat = (s: number, instance_id: string) => beatOf(s, { instance_id });
const gone = (s: number, instance_id: string) => ({
  isUp: false,
  at: ago(s),
  client: "S 1",
  started_at: ago(300),
  instance_id,
  reason: "Client Closed",
});

describe("the four axes", () => {
  test.each<[string, Partial<AgentRecord>, object, string]>([
    ["never connected", {}, { link: "never", activity: "unknown", control: "running" }, "starting"],
    ["heartbeat in time", alive, { link: "online", activity: "unknown" }, "connected"],
    [
      "connected says nothing of activity",
      { ...alive, said: said("connected") },
      { activity: "unknown" },
      "connected",
    ],
    ["working", { ...alive, said: said("working") }, { activity: "working", attention: "none" }, "working"],
    ["idle", { ...alive, said: said("idle") }, { activity: "idle" }, "idle"],
    [
      "blocked is stuck",
      { ...alive, said: said("blocked") },
      { activity: "waiting", attention: "stuck" },
      "stuck",
    ],
    [
      "an error wants attention",
      { ...alive, said: said("error") },
      { activity: "failed", attention: "error" },
      "error",
    ],
    ["another word is unknown", { ...alive, said: said("dancing") }, { activity: "unknown" }, "unknown"],
    [
      "three heartbeats missed",
      { heartbeat: { at: ago(46), interval_s: 15 }, said: said("working", 46) },
      { link: "silent", activity: "unknown" },
      "silent",
    ],
    ["not yet three", { heartbeat: { at: ago(44), interval_s: 15 } }, { link: "online" }, "connected"],
    ["its own interval counts", { heartbeat: { at: ago(44), interval_s: 1 } }, { link: "silent" }, "silent"],
    [
      "a goodbye",
      { ...alive, said: said("disconnected") },
      { link: "offline", activity: "unknown" },
      "disconnected",
    ],
    [
      "its CLI could not be started",
      { ...alive, said: said("failed_to_start") },
      { link: "offline", activity: "failed_to_start", control: "unknown", attention: "error" },
      "failed_to_start",
    ],
    [
      "an earlier run's CLI could not be started",
      {
        heartbeat: { at: ago(1), interval_s: 15, instance_id: "new" },
        said: said("failed_to_start", 5, "old"),
      },
      { link: "online" },
      "unknown",
    ],
    [
      "its CLI crashed",
      { ...alive, said: { ...said("crashed"), message: "SIGKILL" } },
      { link: "offline", activity: "crashed", control: "unknown", attention: "none" },
      "crashed",
    ],
    [
      "its CLI ended by itself, whatever its session told before that",
      { ...alive, said: { ...said("ended"), message: "exit code 0" } },
      { link: "offline", activity: "done", control: "unknown", attention: "none" },
      "ended",
    ],
    [
      "an earlier run's CLI crashed",
      { heartbeat: { at: ago(1), interval_s: 15, instance_id: "new" }, said: said("crashed", 5, "old") },
      { link: "online" },
      "unknown",
    ],
    [
      "stopped",
      { ...alive, said: said("stopped") },
      { link: "offline", activity: "done", control: "stopped" },
      "stopped",
    ],
    [
      "the goodbye of an earlier run",
      { heartbeat: { at: ago(1), interval_s: 15, instance_id: "new" }, said: said("disconnected", 5, "old") },
      { link: "online" },
      "unknown",
    ],
    [
      "the connection that sent the heartbeats is gone",
      { heartbeat: beat(5, "r1"), connection: gone(4, "r1"), said: said("working") },
      { link: "offline", activity: "unknown" },
      "disconnected",
    ],
    [
      "its last heartbeat, read after the news of its end",
      { heartbeat: beat(3.6, "r1"), connection: gone(4, "r1") },
      { link: "offline" },
      "disconnected",
    ],
    [
      "a heartbeat well after it: there is a new connection",
      { heartbeat: beat(3, "r1"), connection: gone(4, "r1") },
      { link: "online" },
      "connected",
    ],
    [
      "the connection of an earlier run is gone",
      { heartbeat: beat(5, "r2"), connection: gone(4, "r1") },
      { link: "online" },
      "connected",
    ],
    [
      "connected anew, and not beating yet",
      { heartbeat: beat(5, "r1"), connection: { ...gone(4, "r1"), isUp: true } },
      { link: "online" },
      "connected",
    ],
    [
      "connected, and frozen",
      { heartbeat: beat(60, "r1"), connection: { ...gone(60, "r1"), isUp: true } },
      { link: "silent" },
      "silent",
    ],
    [
      "a goodbye before the connection went is the better reason",
      { heartbeat: beat(5, "r1"), said: said("stopped", 4, "r1"), connection: gone(4, "r1") },
      { link: "offline", control: "stopped" },
      "stopped",
    ],
    ["a status without heartbeats", { said: said("working") }, { link: "silent" }, "silent"],
    ["pause asked", { ...alive, commands: [orderOf("pause")] }, { control: "pause_requested" }, "connected"],
    [
      "pause applied",
      { ...alive, commands: [orderOf("pause", { state: "applied", at: ago(1) })] },
      { control: "paused" },
      "paused",
    ],
    [
      "pause refused",
      { ...alive, commands: [orderOf("pause", { state: "refused", at: ago(1) })] },
      { control: "running" },
      "connected",
    ],
    [
      "resumed",
      { ...alive, commands: [orderOf("pause"), orderOf("resume")] },
      { control: "running" },
      "connected",
    ],
    ["stop asked", { ...alive, commands: [orderOf("stop")] }, { control: "stop_requested" }, "stopping"],
    [
      "a stop of an earlier run is over",
      { ...alive, run_started_at: ago(10), commands: [orderOf("stop", { state: "delivered", at: ago(60) })] },
      { control: "running" },
      "connected",
    ],
    [
      "delivered and not taken for a minute",
      { ...alive, commands: [orderOf("task", { state: "delivered", at: ago(61) })] },
      { attention: "unseen" },
      "connected",
    ],
    [
      "delivered a moment ago",
      { ...alive, commands: [orderOf("task", { state: "delivered", at: ago(59) })] },
      { attention: "none" },
      "connected",
    ],
  ])("%s", (_name, facts, axes, word) => {
    const view = viewAgent(recordOf(facts), now);
    const values = Object.fromEntries(Object.entries(view.axes).map(([axis, { value }]) => [axis, value]));
    expect(values).toMatchObject(axes);
    expect(view.status).toBe(word);
  });

  test("each value says why, and how old its evidence is", () => {
    const { axes } = viewAgent(recordOf({ ...alive, said: said("working", 30) }), now);
    expect(axes.activity).toMatchObject({ source: "status", age_s: 30, reason: "says working" });
    expect(axes.link).toMatchObject({ source: "heartbeat", age_s: 5 });
    expect(axes.attention).toEqual({ value: "none", source: "none", reason: "nothing waits" });
  });
});

describe("attention to open requests", () => {
  const request = (kind: "question" | "stop_approval", s: number) => ({
    request_id: `${kind}-${s}`,
    kind,
    asked_at: ago(s),
    summary: `${kind} of ${s} s`,
  });
  const attention = (facts: Partial<AgentRecord>) => viewAgent(recordOf(facts), now).axes.attention;

  test("an approval comes before a question, both before what the agent only says, and an error before all", () => {
    const requests = [request("question", 90), request("stop_approval", 30)];
    expect(attention({ ...alive, said: said("blocked"), requests })).toMatchObject({
      value: "approval",
      source: "request",
      age_s: 30,
      reason: "wants to stop: stop_approval of 30 s",
    });
    expect(attention({ ...alive, requests: [request("question", 90)] })).toMatchObject({
      value: "question",
      age_s: 90,
    });
    expect(attention({ ...alive, said: said("error"), requests }).value).toBe("error");
  });

  test("a request of an agent that is away waits all the same", () => {
    const away = { heartbeat: { at: ago(500), interval_s: 15 } };
    expect(attention({ ...away, requests: [request("question", 600)] }).value).toBe("question");
  });
});
