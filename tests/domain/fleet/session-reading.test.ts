// What a session does and what it needs, by its events, and the words for both.
import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { Activity } from "../../../src/domain/fleet/axes.ts";
import type { FleetEvent } from "../../../src/domain/fleet/reduce-agent.ts";
import type { SessionEvidence } from "../../../src/domain/fleet/session-evidence.ts";
import {
  backgroundWords,
  sessionActivity,
  sessionAttention,
} from "../../../src/domain/fleet/session-reading.ts";
import { ago, now } from "../../support/agent-records.ts";
import {
  agentAfter,
  bash,
  beats,
  began,
  hosted,
  ran,
  says,
  type Told,
  time,
  viewAt,
} from "./session-events.ts";

const session: SessionEvidence = { started_at: ago(9_000), last_event_at: ago(20), tools: [] };
const open = { since: ago(8_000) };
const activity = (fields: Partial<SessionEvidence>) => sessionActivity({ ...session, ...fields });
const attention = (fields: Partial<SessionEvidence>, isWorking = true) =>
  sessionAttention({ ...session, ...fields }, isWorking, now);

describe("sessionActivity()", () => {
  test.each<[Activity, string, Partial<SessionEvidence>]>([
    ["done", "its session ended (logout)", { ended: { at: ago(9), reason: "logout" } }],
    ["done", "its session ended", { ended: { at: ago(9), reason: "" } }],
    [
      "waiting",
      "waits for an answer: Which?",
      { waits: [{ since: ago(9), what: "answer", detail: "Which?" }] },
    ],
    ["waiting", "waits for a permission", { waits: [{ since: ago(9), what: "permission", detail: "" }] }],
    ["idle", "no prompt yet", {}],
    [
      "retrying",
      "4/10: 529",
      { turn: open, retry: { detail: "4/10: 529", error: "overloaded", since: ago(9) } },
    ],
    ["working", "a turn is open", { turn: open }],
    ["working", "runs Bash", { turn: open, tools: [{ tool: "Bash", since: ago(9) }] }],
    ["idle", "its turn ended", { turn: { ...open, ended_at: ago(9) } }],
    [
      "idle",
      "its turn failed (server)",
      { turn: { ...open, ended_at: ago(9) }, turn_error: { error: "server", detail: "500", at: ago(9) } },
    ],
    [
      "working",
      "1 background shell",
      { turn: { ...open, ended_at: ago(9) }, background: [{ type: "shell" }] },
    ],
  ])("is %p and says %p", (value, reason, fields) => {
    expect(activity(fields)).toMatchObject({ value, reason });
  });
});

test("backgroundWords() counts each kind, in the plural from two on", () => {
  const of = (...types: string[]) => backgroundWords(types.map((type) => ({ type })));
  expect(of("shell")).toBe("1 background shell");
  expect(of("subagent", "shell", "subagent")).toBe("2 background subagents, 1 background shell");
  expect(of()).toBe("");
});

describe("sessionAttention()", () => {
  test("asks for nobody once the session has ended, whatever was open", () => {
    const failed = { turn_error: { error: "server", detail: "500", at: ago(9) } } as const;
    expect(attention(failed)?.value).toBe("error");
    expect(attention({ ...failed, ended: { at: ago(5), reason: "" } })).toBeUndefined();
  });

  test("names the permission that has waited longest", () => {
    const wait = (detail: string, s: number) => ({ since: ago(s), what: "permission" as const, detail });
    const question = { since: ago(20), what: "answer" as const, detail: "Which?" };
    expect(attention({ waits: [question] })).toMatchObject({ value: "question", at: ago(20) });
    expect(attention({ waits: [question, wait("first", 9), wait("second", 8)] })).toMatchObject({
      value: "approval",
      at: ago(9),
      reason: "waits for a permission: first (and 2 more)",
    });
  });

  test.each([
    ["usage_limit", "stuck", "usage limit reached: words"],
    ["authentication", "stuck", "authentication failed: words"],
    ["overloaded", "error", "its turn failed (overloaded): words"],
  ] as const)("of a turn that failed with %p is %p, with the remedy as the hint", (error, value, reason) => {
    const turn_error = { error, detail: "words", remedy: "do it", at: ago(9) };
    const cause = reason.replace(": words", "");
    expect(attention({ turn_error })).toEqual({ value, at: ago(9), reason, hint: "do it", cause });
    const { remedy: _, ...without } = turn_error;
    expect(attention({ turn_error: without })).toEqual({ value, at: ago(9), reason, cause });
  });

  test("is stuck while the CLI repeats a request that its login keeps from succeeding, and of no other one", () => {
    const retry = { detail: "4/10: 401", since: ago(9), remedy: "log in: x" };
    expect(attention({ turn: open, retry: { ...retry, error: "authentication" } })).toEqual({
      ...{ value: "stuck", at: ago(9), hint: "log in: x" },
      reason: "authentication failed: its CLI tries again, 4/10: 401",
      cause: "authentication failed",
    });
    expect(attention({ turn: open, retry: { ...retry, error: "overloaded" } })).toBeUndefined();
  });

  test("names a refused tool, how many more there were, and what would allow it", () => {
    const denied = { tool: "Bash", detail: "no rule allows it", remedy: "allow it", at: ago(9) };
    expect(attention({ denied: { ...denied, count: 1 } })).toEqual({
      ...{ value: "refused", at: ago(9), reason: "Bash: no rule allows it", hint: "allow it" },
    });
    expect(attention({ denied: { ...denied, count: 3 } })?.reason).toBe(
      "Bash: no rule allows it (and 2 more)",
    );
  });

  test("needs a person for lost tools only if the CLI does not start their server again by itself", () => {
    const tools_lost = { detail: "its tools are gone", at: ago(9) };
    expect(attention({ tools_lost })).toBeUndefined();
    expect(attention({ tools_lost: { ...tools_lost, remedy: "start it again" } })).toEqual({
      ...{ value: "error", at: ago(9), reason: "its tools are gone", hint: "start it again" },
    });
  });

  test("takes ten minutes of silence in a turn for stuck, an hour while a tool runs, and none of an agent that does not work", () => {
    const silent = (s: number, more: Partial<SessionEvidence> = {}, isWorking = true) =>
      attention({ turn: open, last_event_at: ago(s), ...more }, isWorking)?.reason;
    const tools = [
      { tool: "Bash", since: ago(7_000) },
      { tool: "Read", since: ago(6_000) },
    ];
    expect(silent(599.999)).toBeUndefined();
    expect(silent(600)).toBe("silent while working: no sign for 10 min");
    expect(silent(3_599.999, { tools })).toBeUndefined();
    expect(silent(3_600, { tools })).toBe("silent while working: no sign for 60 min in Bash");
    expect(silent(3_600, {}, false)).toBeUndefined();
    expect(silent(3_600, { turn: { ...open, ended_at: ago(3_600) } })).toBeUndefined();
  });

  test("takes three equal failures in a row for stuck", () => {
    const failure = (count: number) => ({ tool: "Bash", detail: "exit 1", count, at: ago(9) });
    expect(attention({ failure: failure(2) })).toBeUndefined();
    expect(attention({ failure: failure(3) })).toEqual({
      ...{ value: "stuck", at: ago(9), reason: "Bash failed 3 times in a row: exit 1" },
    });
  });
});

const minute = 60;
const failed = (s: number, detail = "exit 1", tool = "Bash"): Told => ["tool_failed", s, { tool, detail }];

type Row = [name: string, events: (Told | FleetEvent)[], s: number, axes: object, word: string];

const activities: Row[] = [
  ["a session without a prompt is idle", hosted([["session_start", 1]]), 3, { activity: "idle" }, "idle"],
  ["a prompt makes it work", ran(), 3, { activity: "working", attention: "none" }, "working"],
  ["a turn's end makes it idle", ran(["turn_end", 5]), 9, { activity: "idle" }, "idle"],
  [
    "what its turn has left in the background keeps it working, whatever a subagent there calls",
    ran(
      ["turn_end", 5, { background: [{ type: "shell" }, { type: "subagent" }, { type: "shell" }] }],
      ["tool_start", 6, { ...bash, subagent: "s1" }],
      ["tool_end", 7, { ...bash, subagent: "s1" }],
    ),
    9,
    { activity: "working", attention: "none" },
    "working",
  ],
  [
    "with the last word about the background it is idle",
    ran(["turn_end", 5, { background: [{ type: "shell" }] }], ["background", 8]),
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "a turn that ends with nothing in the background is its end, whatever the one before had left",
    ran(["turn_end", 5, { background: [{ type: "shell" }] }], ["prompt", 6], ["turn_end", 7]),
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "what it says of working does not keep it so",
    [...ran(["turn_end", 5]), says(6, "working")],
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "what it says of idling does not end a turn",
    [...ran(), says(6, "idle", "part one done")],
    9,
    { activity: "working" },
    "working",
  ],
  [
    "the word connected says nothing",
    [...ran(["turn_end", 5]), beats(7, "connected")],
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "a tool after the end opens the turn again",
    ran(["turn_end", 5], ["tool_start", 6, bash]),
    9,
    { activity: "working" },
    "working",
  ],
  [
    "a permission waits for the person",
    ran(["tool_start", 3, bash], ["permission", 4, { tool: "Bash" }]),
    9,
    { activity: "waiting", attention: "approval" },
    "waiting",
  ],
  [
    "the tool's end answers it",
    ran(["tool_start", 3, bash], ["permission", 4, { tool: "Bash" }], ["tool_end", 6, bash]),
    9,
    { activity: "working", attention: "none" },
    "working",
  ],
  [
    "another tool's end does not",
    ran(["permission", 4, { tool: "Bash" }], ["tool_end", 6, { tool: "Read" }]),
    9,
    { activity: "waiting" },
    "waiting",
  ],
  [
    "the host's word that it was answered does",
    ran(
      ["permission", 4, { tool: "Bash" }],
      ["notification", 5, { tool: "Bash", detail: "permission_response: allow" }],
    ),
    9,
    { activity: "working" },
    "working",
  ],
  [
    "a dialog waits for the person",
    ran(["notification", 4, { detail: "elicitation_dialog: Proceed?" }]),
    9,
    { activity: "waiting", attention: "question" },
    "waiting",
  ],
  [
    "what a tool asks its user is a question",
    ran(
      ["tool_start", 3, { tool: "AskUserQuestion", tool_use_id: "t1" }],
      ["question", 4, { tool: "AskUserQuestion", tool_use_id: "t1", detail: "Which?" }],
      ["notification", 9, { detail: "permission_prompt: Claude needs your permission" }],
    ),
    10,
    { activity: "waiting", attention: "question" },
    "waiting",
  ],
  [
    "another subagent's tool begins: what the first waits for stands",
    ran(
      ["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["tool_start", 5, { tool: "Bash", tool_use_id: "t2", subagent: "s2" }],
      ["tool_end", 6, { tool: "Bash", tool_use_id: "t2", subagent: "s2" }],
    ),
    9,
    { activity: "waiting", attention: "approval" },
    "waiting",
  ],
  [
    "the main turn ends: what a subagent waits for stands",
    ran(["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }], ["turn_end", 5]),
    9,
    { activity: "waiting", attention: "approval" },
    "waiting",
  ],
  [
    "a new prompt comes: what a subagent waits for stands",
    ran(
      ["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["turn_end", 5],
      ["prompt", 6],
    ),
    9,
    { activity: "waiting", attention: "approval" },
    "waiting",
  ],
  [
    "the subagent ends, and with it what it waited for",
    ran(
      ["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["turn_end", 5],
      ["subagent_end", 6, { subagent: "s1" }],
    ),
    9,
    { activity: "idle", attention: "none" },
    "idle",
  ],
  [
    "of two requests one is answered: the other stands",
    ran(
      ["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["permission", 5, { tool: "Bash", tool_use_id: "t2", subagent: "s2" }],
      [
        "notification",
        6,
        { tool: "Bash", tool_use_id: "t2", subagent: "s2", detail: "permission_response: deny" },
      ],
    ),
    9,
    { activity: "waiting", attention: "approval" },
    "waiting",
  ],
  [
    "both are answered, each by its own end",
    ran(
      ["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["permission", 5, { tool: "Bash", tool_use_id: "t2" }],
      ["tool_end", 6, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }],
      ["tool_failed", 7, { tool: "Bash", tool_use_id: "t2" }],
    ),
    9,
    { activity: "working", attention: "none" },
    "working",
  ],
  [
    "the session ends: nothing waits",
    ran(["permission", 4, { tool: "Bash", tool_use_id: "t1", subagent: "s1" }], ["session_end", 5]),
    9,
    { activity: "done", attention: "none" },
    "idle",
  ],
  [
    "another notification does not",
    ran(["notification", 4, { detail: "auth_success: hello" }]),
    9,
    { activity: "working" },
    "working",
  ],
  [
    "a prompt box that waits tells of a turn broken off",
    ran(["tool_start", 4, bash], ["notification", 70, { detail: "idle_prompt: waiting for your input" }]),
    71,
    { activity: "idle" },
    "idle",
  ],
  [
    "and says nothing new of one that ended",
    [
      ...ran(["turn_end", 5]),
      says(5, "blocked"),
      ...ran(["turn_end", 5], ["notification", 70, { detail: "idle_prompt" }]).slice(3),
    ],
    71,
    { activity: "waiting", attention: "stuck" },
    "stuck",
  ],
  [
    "the session's end is done",
    ran(["session_end", 5, { detail: "logout" }]),
    9,
    { activity: "done" },
    "idle",
  ],
  [
    "a failed turn is idle, and wants attention",
    ran(["turn_failed", 5, { error: "overloaded" }]),
    9,
    { activity: "idle", attention: "error" },
    "idle",
  ],
  ["a kind that is not known changes nothing", ran(["telepathy", 5]), 9, { activity: "working" }, "working"],
  [
    "nor does one named as a part of every object",
    ran(["constructor", 5]),
    9,
    { activity: "working" },
    "working",
  ],
];

const words: Row[] = [
  [
    "blocked in this turn",
    [...ran(), says(3, "blocked", "no key")],
    9,
    { activity: "waiting", attention: "stuck" },
    "stuck",
  ],
  [
    "blocked in the last turn",
    [...ran(), says(3, "blocked"), ...ran(["turn_end", 5]).slice(2)],
    9,
    { activity: "waiting", attention: "stuck" },
    "stuck",
  ],
  [
    "until the next prompt",
    [...ran(), says(3, "blocked"), ...ran(["turn_end", 5], ["prompt", 6]).slice(2)],
    9,
    { activity: "working", attention: "none" },
    "working",
  ],
  [
    "though its heartbeats repeat it",
    [...ran(), says(3, "blocked"), ...ran(["prompt", 6]).slice(2), beats(8, "blocked")],
    9,
    { activity: "working", attention: "none" },
    "working",
  ],
  [
    "and again when it says it again",
    [...ran(), says(3, "blocked"), ...ran(["prompt", 6]).slice(2), says(8, "blocked")],
    9,
    { activity: "waiting", attention: "stuck" },
    "stuck",
  ],
  [
    "an error",
    [...ran(), says(3, "error", "no compiler")],
    9,
    { activity: "failed", attention: "error" },
    "error",
  ],
  [
    "paused, while its host holds nothing",
    [...ran(), says(3, "paused")],
    9,
    { activity: "waiting", control: "running" },
    "waiting",
  ],
  [
    "paused, until the next prompt",
    [...ran(), says(3, "paused"), ...ran(["prompt", 6]).slice(2)],
    9,
    { activity: "working", control: "running" },
    "working",
  ],
  [
    "idle with what it has to say",
    [...ran(["turn_end", 5]), says(5, "idle", "all done")],
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "a permission comes before it",
    [...ran(["permission", 4, { tool: "Bash" }]), says(5, "error")],
    9,
    { activity: "waiting", attention: "error" },
    "waiting",
  ],
  [
    "a word long after the last event: none come any more",
    [...ran(), says(3 * minute, "idle")],
    4 * minute,
    { activity: "idle" },
    "idle",
  ],
  [
    "stopped is stopped",
    [...ran(), says(3, "stopped")],
    9,
    { activity: "done", control: "stopped" },
    "stopped",
  ],
];

const stuck: Row[] = [
  ["silent for less than ten minutes", ran(), 2 + 599, { activity: "working", attention: "none" }, "working"],
  ["silent for ten minutes", ran(), 2 + 600, { activity: "working", attention: "stuck" }, "stuck"],
  [
    "silent in a tool for less than an hour",
    ran(["tool_start", 3, bash]),
    3 + 3599,
    { attention: "none" },
    "working",
  ],
  ["silent in a tool for an hour", ran(["tool_start", 3, bash]), 3 + 3600, { attention: "stuck" }, "stuck"],
  [
    "silent, and waiting by its own word",
    [...ran(), says(3, "waiting", "for CI")],
    2 + 600,
    { attention: "none" },
    "waiting",
  ],
  [
    "silent, and paused",
    [
      ...ran(),
      {
        type: "command",
        id: agentAfter([]).agent_id,
        at: time(3),
        stream_seq: 1,
        message: { type: "pause", command_id: "p" },
      },
      {
        type: "receipt",
        id: agentAfter([]).agent_id,
        at: time(4),
        audit_seq: 0,
        message: { command_id: "p", state: "applied" },
      },
    ],
    2 + 600,
    { control: "paused", attention: "none" },
    "paused",
  ],
  ["silent between turns", ran(["turn_end", 3]), 3600 * 5, { activity: "idle", attention: "none" }, "idle"],
  ["the same failure twice", ran(failed(3), failed(4)), 9, { attention: "none" }, "working"],
  ["the same failure three times", ran(failed(3), failed(4), failed(5)), 9, { attention: "stuck" }, "stuck"],
  [
    "with a success between",
    ran(failed(3), failed(4), ["tool_end", 5, bash], failed(6)),
    9,
    { attention: "none" },
    "working",
  ],
  [
    "with another failure between",
    ran(failed(3), failed(4), failed(5, "exit 2"), failed(6)),
    9,
    { attention: "none" },
    "working",
  ],
  [
    "of another tool each",
    ran(failed(3), failed(4, "exit 1", "Read"), failed(5)),
    9,
    { attention: "none" },
    "working",
  ],
  [
    "until the next prompt",
    ran(failed(3), failed(4), failed(5), ["prompt", 6]),
    9,
    { attention: "none" },
    "working",
  ],
  [
    "until the turn ends well",
    ran(failed(3), failed(4), failed(5), ["turn_end", 6]),
    9,
    { attention: "none" },
    "idle",
  ],
  [
    "usage limit",
    ran(["turn_failed", 3, { error: "usage_limit" }]),
    9 * 3600,
    { activity: "idle", attention: "stuck" },
    "stuck",
  ],
  [
    "authentication",
    ran(["turn_failed", 3, { error: "authentication" }]),
    9,
    { activity: "idle", attention: "stuck" },
    "stuck",
  ],
  [
    "usage limit, until the next prompt",
    ran(["turn_failed", 3, { error: "usage_limit" }], ["prompt", 4]),
    9,
    { attention: "none" },
    "working",
  ],
  [
    "a usage limit told of while it works",
    ran(["notification", 3, { error: "usage_limit" }]),
    9,
    { activity: "working", attention: "stuck" },
    "stuck",
  ],
  [
    "a tool's own authentication is the tool's",
    ran(["tool_failed", 3, { tool: "Bash", error: "authentication" }]),
    9,
    { attention: "none" },
    "working",
  ],
];

const runs: Row[] = [
  ["events without numbers decide where the agent has no word", began, 9, { activity: "working" }, "working"],
  ["and give way to its word", [...began, beats(5, "idle")], 9, { activity: "idle" }, "idle"],
  [
    "a newer session takes the place of one that ended",
    [...ran(["session_end", 5]), ...hosted([["session_start", 6]], 2_000)],
    9,
    { activity: "idle" },
    "idle",
  ],
  [
    "late events do not revive what ended",
    [...ran(["session_end", 5]), ...ran(), ...hosted(began, 999)],
    9,
    { activity: "done" },
    "idle",
  ],
  [
    "an end of the older session does not end the newer",
    [...ran(), ...hosted(began, 2_000), ...ran(["session_end", 9]).slice(2)],
    10,
    { activity: "working" },
    "working",
  ],
  [
    "a session of an earlier run says nothing of this one",
    [
      ...hosted(began.map(([kind, s]) => [kind, s, { instance_id: "run-1" }])),
      beats(20, "connected", "run-2"),
    ],
    30,
    { activity: "unknown" },
    "connected",
  ],
];

describe("sessionActivity() and sessionAttention()", () => {
  describe.each<[string, Row[]]>([
    ["activity", activities],
    ["the agent's own word refines it", words],
    ["stuck", stuck],
    ["runs and generations", runs],
  ])("%s", (_group, rows) => {
    test.each(rows)("%s", (_name, events, s, axes, word) => {
      const view = viewAt(s, agentAfter(events));
      const values = Object.fromEntries(Object.entries(view.axes).map(([axis, { value }]) => [axis, value]));
      expect(values).toMatchObject(axes);
      expect(view.status).toBe(word);
    });
  });

  test("each value says why, since when, and that the session tells it", () => {
    const reading = (s: number, ...rest: Told[]) => viewAt(s, agentAfter(ran(...rest))).axes;
    expect(reading(12).activity).toMatchObject({ source: "session", age_s: 10, reason: "a turn is open" });
    expect(reading(12, ["tool_start", 3, bash], ["tool_start", 4, { tool: "Read" }]).activity.reason).toBe(
      "runs Bash and 1 more",
    );
    expect(reading(12, ["permission", 4, bash]).attention).toMatchObject({
      source: "session",
      age_s: 8,
      reason: "waits for a permission: Bash make",
    });
    const [first, second] = [
      { ...bash, tool_use_id: "t1" },
      { tool: "AskUserQuestion", detail: "Which?" },
    ];
    expect(reading(12, ["question", 3, second], ["permission", 4, first]).attention).toMatchObject({
      value: "approval",
      reason: "waits for a permission: Bash make (and 1 more)",
    });
    expect(
      reading(12, ["notification", 4, { detail: "permission_prompt: Claude needs\nit" }]).attention.reason,
    ).toBe("waits for a permission: Claude needs\nit");
    expect(reading(722).attention.reason).toBe("silent while working: no sign for 12 min");
    // Since its first failure, so that the need stays the same one while the tool fails again and again.
    expect(reading(12, failed(3), failed(4), failed(5)).attention).toMatchObject({
      ...{ reason: "Bash failed 3 times in a row: exit 1", age_s: 9 },
    });
    expect(reading(12, failed(3), failed(4), failed(5), failed(11)).attention).toMatchObject({
      ...{ reason: "Bash failed 4 times in a row: exit 1", age_s: 9 },
    });
    expect(
      reading(12, ["turn_failed", 3, { error: "usage_limit", detail: "resets 9 pm" }]).attention.reason,
    ).toBe("usage limit reached: resets 9 pm");
    expect(reading(12, ["turn_failed", 3, { error: "authentication" }]).attention.reason).toBe(
      "authentication failed",
    );
    expect(reading(12, ["session_end", 5, { detail: "logout" }]).activity.reason).toBe(
      "its session ended (logout)",
    );
  });

  test("what the session said is unknown once the link is not online", () => {
    const view = viewAgent(
      agentAfter(ran(["turn_failed", 5, { error: "usage_limit" }])),
      new Date(time(600)),
    );
    expect(view.axes).toMatchObject({
      link: { value: "silent" },
      activity: { value: "unknown", source: "session", reason: "was idle when last heard of" },
      attention: { value: "none" },
    });
  });
});
