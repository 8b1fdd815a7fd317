import { describe, expect, test } from "bun:test";
import { statusMark } from "../../../src/cli/fleet/status-mark.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { FleetEvent } from "../../../src/domain/fleet/reduce-agent.ts";
import { agentAfter, beats, hosted, id, says, type Told, time, viewAt } from "./session-events.ts";

const minute = 60;
const began: Told[] = [
  ["session_start", 1],
  ["prompt", 2],
];
const bash = { tool: "Bash", tool_use_id: "t1", detail: "make" };
const ran = (...rest: Told[]) => hosted([...began, ...rest]);
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

describe("status by the session's events", () => {
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
    expect(reading(12, failed(3), failed(4), failed(5)).attention.reason).toBe(
      "Bash failed 3 times in a row: exit 1",
    );
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

describe("an agent that has asked by a tool of cliai", () => {
  const ask = (tool: string): Told => ["tool_start", 3, { tool, tool_use_id: "t1" }];
  const asked: FleetEvent = {
    ...{ type: "requests", id, at: time(3) },
    open: [{ request_id: "r1", kind: "question", asked_at: time(3), summary: "Which colour?" }],
  };
  const at = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events));

  test.each(["mcp__cliai__ask_human", "cliai_ask_human", "cliai-ask_human", "ask_human"])(
    "waits while that call waits (%s)",
    (tool) => {
      const view = at(...ran(ask(tool)), asked);
      expect([view.status, view.axes.attention.value]).toEqual(["waiting", "question"]);
      expect(view.axes.activity.reason).toBe("waits for an answer: Which colour?");
      expect(statusMark(view).text).toContain("waiting !question");
    },
  );

  test("works once the call has returned without the answer, and beside another tool, and after an answer", () => {
    const call = ask("mcp__cliai__ask_human");
    const returned = at(
      ...ran(call, ["tool_end", 5, { tool: "mcp__cliai__ask_human", tool_use_id: "t1" }]),
      asked,
    );
    expect([returned.status, returned.axes.attention.value]).toEqual(["working", "question"]);
    const beside = at(...ran(call, ["tool_start", 4, { ...bash, tool_use_id: "t2" }]), asked);
    expect(beside.status).toBe("working");
    expect(at(...ran(call)).status).toBe("working");
    expect(at(...ran(["tool_start", 3, bash]), asked).status).toBe("working");
  });
});

describe("an agent whose turn is held at its end", () => {
  const words = "it is about to end its turn; without an answer it ends";
  const asked = (open: object): FleetEvent => ({
    ...{ type: "requests", id, at: time(5) },
    open: [{ request_id: "r1", kind: "stop_approval", asked_at: time(5), summary: words, ...open }],
  });
  const done: Told[] = [
    ["tool_start", 3, bash],
    ["tool_end", 4, bash],
  ];
  const at = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events));

  test("waits for the approval, and does not work", () => {
    const view = at(...ran(...done), asked({ holds_turn: true }));
    expect(statusMark(view).text).toStartWith("◐ waiting !approval");
    expect(view.axes.activity).toMatchObject({
      source: "session",
      reason: `waits for an approval: ${words}`,
    });
    expect(view.axes.attention).toMatchObject({ value: "approval", reason: `asks to be allowed: ${words}` });
  });

  test("works where it has asked by its own tool and that call has returned, beside a tool of a subagent, and once the turn is over", () => {
    const holds = asked({ holds_turn: true });
    expect(at(...ran(...done), asked({})).status).toBe("working");
    expect(at(...ran(...done, ["tool_start", 6, { ...bash, subagent: "s1" }]), holds).status).toBe("working");
    expect(at(...ran(...done, ["turn_end", 6]), holds).status).toBe("idle");
  });
});

describe("an agent at its birth", () => {
  const task: FleetEvent = {
    type: "command",
    id,
    at: time(1),
    stream_seq: 1,
    message: { type: "task", payload: "count", command_id: "c1" },
  };
  const receipt = (s: number, state: "delivered" | "seen"): FleetEvent => ({
    type: "receipt",
    id,
    at: time(s),
    audit_seq: 0,
    message: { command_id: "c1", state },
  });
  const launched: FleetEvent = {
    type: "heartbeat",
    id,
    at: time(1),
    message: { instance_id: "run-1", has_launch_task: true },
  };
  const began: Told = ["session_start", 2, { generation: 1_000, seq: 1 }];
  const waits = (text: string, s = 6): FleetEvent => ({
    type: "heartbeat",
    id,
    at: time(s),
    message: { instance_id: "run-1", waits_at_terminal: text },
  });

  test("is starting while a task waits to be taken, and never idle before", () => {
    const view = viewAt(4, agentAfter([task, began, receipt(3, "delivered")]));
    expect([view.status, view.axes.activity.reason]).toEqual(["starting", "a task waits to be taken"]);
    expect(viewAt(4, agentAfter([launched, began])).status).toBe("starting");
  });

  test("is idle without a task, with one that it has seen, and after a minute", () => {
    expect(viewAt(4, agentAfter([began])).status).toBe("idle");
    expect(viewAt(4, agentAfter([task, began, receipt(3, "seen")])).status).toBe("idle");
    expect(viewAt(63, agentAfter([task, began])).status).toBe("idle");
  });

  test("waits at its terminal where its CLI has not begun, until it has", () => {
    const untrusted = waits("it may ask whether it trusts this folder");
    const view = viewAt(7, agentAfter([untrusted]));
    expect(view.axes).toMatchObject({ activity: { value: "waiting" }, attention: { value: "terminal" } });
    expect(statusMark(view).text).toBe("◐ waiting !terminal: it may ask whether it trusts this folder");
    expect(viewAt(8, agentAfter([untrusted, waits("", 7)])).axes.attention.value).toBe("none");
  });
});

describe("an agent that waits at a terminal that was closed", () => {
  const closed = (fields: object = {}): FleetEvent => ({
    ...{ type: "heartbeat", id, at: time(6) },
    message: { instance_id: "run-1", terminal_closed: true, ...fields },
  });
  const hint =
    "its window is closed, so nobody can answer there; end it and open its session here: cliai resume ada --terminal";
  const attention = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events)).axes.attention;
  const asks = ran(["tool_start", 3, bash], ["permission", 4, { tool: "Bash", detail: "make" }]);

  test("says what to do: with its CLI's first question, and with a dialog", () => {
    const waits_at_terminal = "it may ask whether it trusts this folder";
    expect(attention(closed({ waits_at_terminal }))).toMatchObject({ value: "terminal", hint });
    expect(attention(...asks, closed())).toMatchObject({ value: "approval", hint });
  });

  test("and not while its window is open, nor of what is asked in the inbox, nor of what needs nobody there", () => {
    expect(attention(...asks)).not.toHaveProperty("hint");
    const open = [{ request_id: "r1", kind: "permission", asked_at: time(4), summary: "Bash make" }] as const;
    const request: FleetEvent = { type: "requests", id, at: time(5), open };
    expect(attention(...asks, request, closed())).not.toHaveProperty("hint");
    expect(attention(...ran(["tool_start", 3, bash]), closed())).toMatchObject({ value: "none" });
  });
});
