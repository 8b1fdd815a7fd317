// Which agents that are away need a person, and from when on.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { ago, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const needs = (fields: Partial<AgentRecord>, since?: string) => viewAgent(recordOf(fields), now, since).needs;
const kinds = (fields: Partial<AgentRecord>, since?: string) => needs(fields, since).map(({ kind }) => kind);
const session = { started_at: ago(900), last_event_at: ago(20), tools: [], generation: 1, seq: 1 };
const inTurn = { session: { ...session, turn: { since: ago(300) } } };
const atRest = { session: { ...session, turn: { since: ago(300), ended_at: ago(200) } } };
const heartbeat = beatOf(200, { instance_id: "run-1" });
const crashed = { heartbeat, said: saidOf("crashed", 100, { message: "SIGKILL; see its log" }) };
const cut = (s: number) => ({
  heartbeat: beatOf(s + 5, { instance_id: "run-1" }),
  connection: {
    ...{ isUp: false, at: ago(s), client: "n 1", started_at: ago(900), instance_id: "run-1" },
    reason: "Client Closed",
  },
});
const task = orderOf("task", { state: "stored", at: ago(50) });

describe("goneNeed() of an agent that crashed", () => {
  test("says how, if it was in a turn, and nothing if it was at rest", () => {
    expect(needs({ ...crashed, ...inTurn })).toEqual([
      {
        ...{ kind: "died", since: ago(100), cause: "SIGKILL" },
        reason: "while working: SIGKILL",
      },
    ]);
    expect(kinds({ ...crashed, ...atRest })).toEqual([]);
  });

  test("is the axis attention, too, unless the agent asks something; at rest, nothing is", () => {
    const attention = (fields: Partial<AgentRecord>) => {
      const { value, reason, at } = viewAgent(recordOf({ ...crashed, ...fields }), now).axes.attention;
      return [value, reason, at];
    };
    expect(attention(inTurn)).toEqual(["error", "died: while working: SIGKILL", ago(100)]);
    const asked = { request_id: "r1", kind: "question", asked_at: ago(150), summary: "Which?" } as const;
    expect(attention({ ...inTurn, requests: [asked] })[0]).toBe("question");
    expect(attention(atRest)).toEqual(["none", "it is gone, and nothing waits for it", undefined]);
  });

  test("counts a turn as cut off if the end of the session ended it", () => {
    const ended = { at: ago(100), reason: "" };
    const turn = { since: ago(300), ended_at: ago(100) };
    expect(kinds({ ...crashed, session: { ...session, turn, ended } })).toEqual(["died"]);
  });

  test("counts a task that it had taken, or that waits for it, and no control order", () => {
    const taken = orderOf("task", { state: "seen", at: ago(150) });
    expect(kinds({ ...crashed, ...atRest, commands: [taken] })).toEqual(["died"]);
    const over = orderOf("task", { state: "seen", at: ago(150) }, { state: "applied", at: ago(140) });
    expect(kinds({ ...crashed, ...atRest, commands: [over] })).toEqual([]);
    expect(needs({ ...crashed, ...atRest, commands: [task] })).toMatchObject([
      { kind: "died", reason: "SIGKILL" },
    ]);
    const pause = orderOf("pause", { state: "stored", at: ago(50) });
    expect(kinds({ ...crashed, ...atRest, commands: [pause] })).toEqual([]);
  });

  test("is over after a week, when no order waits any more", () => {
    const week = 7 * 86_400;
    const at = (s: number) => ({ ...inTurn, heartbeat, said: saidOf("crashed", s) });
    expect(kinds(at(week - 10))).toEqual(["died"]);
    expect(kinds(at(week + 10))).toEqual([]);
  });
});

describe("goneNeed() of an agent that is not connected any more", () => {
  test("waits for as long as three heartbeats, because it may connect again", () => {
    expect(kinds({ ...inTurn, ...cut(40) })).toEqual([]);
    expect(needs({ ...inTurn, ...cut(50) })).toMatchObject([
      { kind: "died", since: ago(50), reason: "while working: its connection is gone" },
    ]);
  });

  test("counts that time from when the server began to listen", () => {
    expect(kinds({ ...inTurn, ...cut(300) }, ago(20))).toEqual([]);
    expect(kinds({ ...inTurn, ...cut(300) }, ago(50))).toEqual(["died"]);
  });

  test("has died at once if its host said that it was told to end", () => {
    const said = saidOf("disconnected", 9, { message: "its window was closed" });
    expect(needs({ ...inTurn, heartbeat, said })).toMatchObject([
      { kind: "died", reason: "while working: its window was closed" },
    ]);
    expect(kinds({ ...atRest, heartbeat, said })).toEqual([]);
  });

  test("is lost if only its heartbeats are missing", () => {
    expect(needs({ ...inTurn, heartbeat })).toMatchObject([{ kind: "lost", since: ago(200) }]);
    expect(kinds({ ...inTurn, heartbeat }, ago(20))).toEqual([]);
    expect(kinds({ ...atRest, heartbeat })).toEqual([]);
    expect(kinds({ heartbeat, said: saidOf("working", 200) })).toEqual(["lost"]);
  });
});

test("goneNeed() has an agent that failed to start, with the first line of the reason", () => {
  const said = saidOf("failed_to_start", 30, { message: "no program claude\nhint: install it" });
  expect(needs({ said })).toEqual([
    {
      ...{ kind: "failed_to_start", since: ago(30) },
      ...{ reason: "no program claude", cause: "no program claude" },
    },
  ]);
});

test("goneNeed() leaves out an agent that was stopped, or that ended by itself", () => {
  expect(kinds({ ...inTurn, heartbeat, said: saidOf("stopped") })).toEqual([]);
  expect(kinds({ ...inTurn, heartbeat, said: saidOf("ended") })).toEqual([]);
});
