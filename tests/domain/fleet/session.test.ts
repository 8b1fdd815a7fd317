import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { reduceSession } from "../../../src/domain/fleet/session.ts";
import { hasConversation, type SessionEvidence } from "../../../src/domain/fleet/session-evidence.ts";
import type { AgentEvent } from "../../../src/domain/wire/event-messages.ts";
import { agentAfter, beats, hosted, says, type Told, time, viewAt } from "./session-events.ts";

type Numbered = AgentEvent & { readonly generation: number; readonly seq: number };

function sessionAfter(events: readonly AgentEvent[]): SessionEvidence | undefined {
  return events.reduce<SessionEvidence | undefined>(
    // The stream's time comes with the place in the host's order: only the order of taking in differs.
    (known, event) =>
      reduceSession(known, event, time(((event.generation ?? 0) % 1000) * 100 + (event.seq ?? 0))),
    undefined,
  );
}

const kinds = [
  "session_start",
  "prompt",
  "tool_start",
  "tool_end",
  "tool_failed",
  "turn_end",
  "turn_failed",
  "notification",
  "permission",
  "compaction",
  "session_end",
  "telepathy",
];
const happening = fc.record(
  {
    kind: fc.constantFrom(...kinds),
    tool: fc.constantFrom("Bash", "Read"),
    tool_use_id: fc.constantFrom("t1", "t2", "t3"),
    detail: fc.constantFrom("exit 1", "idle_prompt: hello", "elicitation_dialog: Sure?"),
    error: fc.constantFrom("usage_limit", "other"),
  },
  { requiredKeys: ["kind"] },
);
/** What one to three hosts of the agent said, each in its order. */
const histories = fc
  .array(fc.array(happening, { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 3 })
  .map((hosts) =>
    hosts.flatMap((events, host) =>
      events.map((event, index): Numbered => ({ ...event, generation: 1_000 + host, seq: index + 1 })),
    ),
  );
const isNewer = (a: Numbered, b: Numbered | undefined) =>
  b === undefined || a.generation > b.generation || (a.generation === b.generation && a.seq > b.seq);

describe("reduceSession()", () => {
  test("doubled and late events leave the session as it is in order, wherever they come", () => {
    const again = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 });
    fc.assert(
      fc.property(histories, again, (inOrder, copies) => {
        const delivered: Numbered[] = [...inOrder];
        for (const [which, where] of copies) {
          const event = inOrder[which % inOrder.length];
          if (event === undefined) continue;
          const earliest = delivered.indexOf(event) + 1;
          delivered.splice(earliest + (where % (delivered.length - earliest + 1)), 0, { ...event });
        }
        expect(sessionAfter(delivered)).toEqual(sessionAfter(inOrder));
      }),
    );
  });

  test("in any order, each event counts that is newer than all before it, and no other", () => {
    const shuffled = histories.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([inOrder, delivered]) => {
        let newest: Numbered | undefined;
        const counting = delivered.filter((event) => {
          if (event.kind === "telepathy" || !isNewer(event, newest)) return false;
          newest = event;
          return true;
        });
        const session = sessionAfter(delivered);
        expect(session).toEqual(sessionAfter(counting));
        const last = inOrder.findLast(({ kind }) => kind !== "telepathy");
        expect([session?.generation, session?.seq]).toEqual([last?.generation, last?.seq]);
        if (last?.kind === "session_end") expect(session?.ended).toBeDefined();
      }),
    );
  });

  test("a newer generation takes the place of all that was known, even with the session's id, as after a resume", () => {
    const session = agentAfter([
      ...hosted([
        ["prompt", 1, { session_id: "same", tool_use_id: "t" }],
        ["tool_start", 2, { tool: "Bash" }],
        ["turn_failed", 3, { error: "usage_limit" }],
      ]),
      ...hosted([["session_start", 5, { session_id: "same", instance_id: "run-1" }]], 2_000),
    ]).session;
    expect(session).toEqual({
      generation: 2_000,
      seq: 1,
      session_id: "same",
      instance_id: "run-1",
      started_at: time(5),
      last_event_at: time(5),
      tools: [],
      is_continued: true,
    });
  });

  test("a conversation is there from its first prompt on, through runs without any, and not in another session", () => {
    const start = (s: number, session_id: string) =>
      hosted([["session_start", s, { session_id }]], s * 1_000);
    const talked = hosted([["prompt", 1, { session_id: "one" }]], 1_000);
    const has = (...events: Told[]) => {
      const { session } = agentAfter(events);
      return session && hasConversation(session);
    };
    expect(has(...talked)).toBe(true);
    expect(has(...talked, ...start(2, "one"), ...start(3, "one"))).toBe(true);
    expect(has(...talked, ...start(2, "two"))).toBe(false);
    expect(has(...start(1, "one"), ...start(2, "one"))).toBe(false);
  });

  test("a run that began after the clock was set back counts once its heartbeat is known, and the run before it no more", () => {
    const before = hosted([["prompt", 1, { session_id: "old", instance_id: "run-1" }]], 9_000);
    const after = hosted(
      [
        ["session_start", 5, { session_id: "new", instance_id: "run-2" }],
        ["prompt", 6, { session_id: "new", instance_id: "run-2" }],
      ],
      2_000,
    );
    const late = hosted([["turn_end", 7, { session_id: "old", instance_id: "run-1" }]], 9_000).map(
      ([kind, s, fields]): Told => [kind, s, { ...fields, seq: 2 }],
    );
    const goesOn = hosted([["prompt", 8, { session_id: "new", instance_id: "run-2" }]], 2_000).map(
      ([kind, s, fields]): Told => [kind, s, { ...fields, seq: 3 }],
    );
    const session = agentAfter([...before, beats(4, "idle", "run-2"), ...after, ...late, ...goesOn]).session;
    expect(session).toMatchObject({
      ...{ generation: 2_000, seq: 3, session_id: "new", last_event_at: time(8) },
      turn: { since: time(8) },
    });
    // Of a run whose heartbeat is not the last one, nobody can tell.
    expect(agentAfter([...before, ...after]).session).toMatchObject({ generation: 9_000, session_id: "old" });
  });

  test("once a run is heard of that began after the clock was set back, the run before it says nothing of what the agent does", () => {
    const before = hosted([["prompt", 3_600, { session_id: "old", instance_id: "run-1" }]], 9_000);
    const record = agentAfter([...before, beats(3_601, "working"), says(3_602, "disconnected")]);
    const next = reduceAgent(record, beats(4, "connected", "run-2"));
    expect(next.session).toMatchObject({ session_id: "old", instance_id: "run-1" });
    expect(viewAt(5, record).axes.link.value).toBe("offline");
    expect(viewAt(5, next).axes).toMatchObject({ link: { value: "online" }, activity: { value: "unknown" } });
  });

  test("a start within a session, as after a compaction, leaves the turn open", () => {
    const events: Told[] = [
      ["session_start", 1, { session_id: "a" }],
      ["prompt", 2, { session_id: "a" }],
      ["compaction", 3, { session_id: "a" }],
      ["session_start", 4, { session_id: "a", detail: "compact" }],
    ];
    expect(agentAfter(hosted(events)).session).toMatchObject({
      turn: { since: time(2) },
      last_event_at: time(4),
    });
  });

  test("the host's next session of another id begins anew, after an end or without", () => {
    const next: Told = ["session_start", 4, { session_id: "b" }];
    const before: Told[] = [
      ["session_start", 1, { session_id: "a" }],
      ["prompt", 2, { session_id: "a" }],
    ];
    for (const events of [
      [...before, next],
      [...before, ["session_end", 3, { session_id: "a", detail: "clear" }] as const, next],
    ]) {
      const { session } = agentAfter(hosted(events));
      expect(session).toMatchObject({ session_id: "b", started_at: time(4), seq: events.length });
      expect(session?.turn).toBeUndefined();
      expect(session?.ended).toBeUndefined();
    }
  });

  test("after the end only a start or a prompt tells of life", () => {
    const ended: Told[] = [
      ["prompt", 1],
      ["session_end", 2, { detail: "logout" }],
      ["tool_end", 3],
      ["notification", 4, { detail: "idle_prompt" }],
    ];
    expect(agentAfter(hosted(ended)).session).toMatchObject({
      ended: { at: time(2), reason: "logout" },
      last_event_at: time(2),
      seq: 4,
    });
  });

  test("its end ends a turn that is open, and no other", () => {
    const turnAfter = (...events: Told[]) => agentAfter(hosted(events)).session?.turn;
    expect(turnAfter(["prompt", 1], ["session_end", 3])).toEqual({ since: time(1), ended_at: time(3) });
    const idle = turnAfter(["prompt", 1], ["turn_end", 2], ["session_end", 3]);
    expect(idle).toEqual({ since: time(1), ended_at: time(2) });
    expect(turnAfter(["session_start", 1], ["session_end", 3])).toBeUndefined();
  });

  test("knows the tools in flight by their ids, and no more than 16", () => {
    const start = (n: number): Told => ["tool_start", n, { tool: "Bash", tool_use_id: `t${n}` }];
    const end = (n: number): Told => ["tool_end", n, { tool: "Bash", tool_use_id: `t${n}` }];
    const some = agentAfter(hosted([["prompt", 0], start(1), start(2), start(3), end(2)])).session;
    expect(some?.tools).toEqual([
      { tool: "Bash", tool_use_id: "t1", since: time(1) },
      { tool: "Bash", tool_use_id: "t3", since: time(3) },
    ]);
    const many = agentAfter(hosted(Array.from({ length: 100 }, (_, n) => start(n)))).session;
    expect(many?.tools.map(({ tool_use_id }) => tool_use_id)).toEqual(
      Array.from({ length: 16 }, (_, n) => `t${84 + n}`),
    );
  });

  test("stays small, whatever an agent says", () => {
    const long = "x".repeat(1_000);
    const events = Array.from({ length: 200 }, (_, n): Told => {
      const kind = ["tool_start", "tool_failed", "permission", "turn_failed"][n % 4] ?? "";
      return [kind, n, { tool: long, tool_use_id: long, detail: long.repeat(100), error: long }];
    });
    const { session } = agentAfter(hosted([...events, ...events.filter(([kind]) => kind === "tool_start")]));
    expect(JSON.stringify(session).length).toBeLessThan(10_000);
  });

  test("an event without numbers does not count for a session that has them", () => {
    const numbered = hosted([["prompt", 1]]);
    const { session } = agentAfter(numbered);
    expect(agentAfter([...numbered, ["turn_end", 2], ["session_end", 3]]).session).toEqual(session);
  });

  test("reports of the agent itself are no events of a session", () => {
    expect(
      agentAfter([
        ["usage", 1, { usage: { tokens_used: 5 } }],
        ["activity", 2],
        ["progress", 3],
        ["said", 4, { detail: "It is done." }],
      ]).session,
    ).toBeUndefined();
  });
});
