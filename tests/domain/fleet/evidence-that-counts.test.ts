// Which of an agent's evidence counts: its own word or its session's events, and those of which run.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import {
  countingWord,
  decidingSession,
  isOlderInstance,
  lastRunOf,
  sessionBeforeRun,
} from "../../../src/domain/fleet/evidence-that-counts.ts";
import { ago, beatOf, recordOf, saidOf } from "../../support/agent-records.ts";

const session = { started_at: ago(300), last_event_at: ago(100), tools: [], generation: 1, seq: 3 } as const;
const open = { ...session, turn: { since: ago(200) } };
const over = { ...session, turn: { since: ago(200), ended_at: ago(100) } };
const decides = (fields: Partial<AgentRecord>) => decidingSession(recordOf(fields)) !== undefined;

describe("decidingSession()", () => {
  test("lets the agent's own word decide once it comes more than a minute after the last event", () => {
    const reported = (s: number) => ({ session, said: saidOf("working", s, { reported_at: ago(s) }) });
    expect(decides(reported(40))).toBe(true);
    expect(decides(reported(39.999))).toBe(false);
  });

  test("takes no word for late that only heartbeats repeat", () => {
    expect(decides({ session, said: saidOf("working", 1) })).toBe(true);
  });

  test("lets events without numbers decide only while the agent has said nothing of what it does", () => {
    const { generation: _, seq: __, ...unnumbered } = session;
    expect(decides({ session: unnumbered })).toBe(true);
    expect(decides({ session: unnumbered, said: saidOf("connected") })).toBe(true);
    expect(decides({ session: unnumbered, said: saidOf("working") })).toBe(false);
  });

  test("lets no session of an earlier run decide", () => {
    const of = (instance_id: string, s: number) =>
      decides({ session: { ...session, instance_id: "old" }, heartbeat: beatOf(s, { instance_id }) });
    expect(of("new", 99)).toBe(false);
    expect(of("new", 100)).toBe(true); // no later than its last event
    expect(of("old", 5)).toBe(true);
  });
});

describe("countingWord()", () => {
  const counts = (of: AgentRecord["session"], said: AgentRecord["said"]) =>
    countingWord(recordOf({ ...(of && { session: of }), ...(said && { said }) })) !== undefined;

  test("is the last word where no session decides", () => {
    expect(counts(undefined, saidOf("working"))).toBe(true);
    expect(counts(undefined, undefined)).toBe(false);
  });

  test("beside a session counts what the agent waits for or fails in, and not what the events tell themselves", () => {
    const counting = ["blocked", "waiting", "error", "paused"];
    const all = [...counting, "working", "starting", "connected", "idle", "dancing"];
    expect(all.filter((word) => counts(open, saidOf(word, 150)))).toEqual(counting);
  });

  test("counts `idle` only with words, and only once the turn is over", () => {
    const idle = saidOf("idle", 150, { message: "all done" });
    expect([counts(over, idle), counts(open, idle), counts(over, saidOf("idle", 150))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(counts(over, saidOf("working", 150, { message: "all done" }))).toBe(false);
  });

  test("counts no word from before the turn; before the first turn, none from before the session", () => {
    expect([counts(open, saidOf("error", 200)), counts(open, saidOf("error", 201))]).toEqual([true, false]);
    expect([counts(session, saidOf("error", 300)), counts(session, saidOf("error", 301))]).toEqual([
      true,
      false,
    ]);
    // Said before the turn and again in it: that is when it was reported, not since when it is so.
    const again = saidOf("error", 400, { reported_at: ago(150) });
    expect(counts(open, again)).toBe(true);
  });
});

describe("lastRunOf()", () => {
  const said = (instance_id: string | undefined, s: number) =>
    saidOf("disconnected", s, instance_id === undefined ? {} : { instance_id });
  const beat = (instance_id: string, s: number) => beatOf(s, { instance_id });

  test("is the one that was heard of last: by its goodbye, else by its heartbeats", () => {
    const of = (fields: Partial<AgentRecord>) => lastRunOf(recordOf(fields));
    expect(of({})).toBeUndefined();
    expect(of({ heartbeat: beat("r1", 5) })).toBe("r1");
    expect(of({ heartbeat: beat("r1", 5), said: said(undefined, 1) })).toBe("r1");
    expect(of({ heartbeat: beat("r1", 50), said: said("r2", 5) })).toBe("r2");
    expect(of({ heartbeat: beat("r2", 5), said: said("r1", 50) })).toBe("r2");
  });

  test("knows a goodbye of an earlier run by its run and its time", () => {
    const isOlder = (run: string, s: number) =>
      isOlderInstance(recordOf({ heartbeat: beat("r2", 5), said: said(run, s) }));
    expect([isOlder("r1", 50), isOlder("r1", 5), isOlder("r1", 1), isOlder("r2", 50)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(isOlderInstance(recordOf({ heartbeat: beat("r2", 5) }))).toBe(false);
  });
});

describe("sessionBeforeRun()", () => {
  const of = { ...session, instance_id: "r1" };

  test("moves the last event of another run just before the heartbeat, if the clock was set back between them", () => {
    expect(sessionBeforeRun(of, "r2", ago(120))?.last_event_at).toBe(ago(120.001));
    expect(sessionBeforeRun(of, "r2", ago(100))?.last_event_at).toBe(ago(100.001));
  });

  test("leaves a session that is before it, of the same run, or of no known run", () => {
    expect(sessionBeforeRun(of, "r2", ago(50))).toBe(of);
    expect(sessionBeforeRun(of, "r1", ago(120))).toBe(of);
    expect(sessionBeforeRun(of, undefined, ago(120))).toBe(of);
    expect(sessionBeforeRun(session, "r2", ago(120))).toBe(session);
    expect(sessionBeforeRun(undefined, "r2", ago(120))).toBeUndefined();
  });
});
