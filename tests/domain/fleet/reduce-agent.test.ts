import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AgentRecord, inboxOf } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import type { Heartbeat } from "../../../src/domain/wire/messages.ts";
import { ada as id } from "../../support/agents.ts";

const start = Date.parse("2026-01-01T00:00:00.000Z");
const time = (s: number) => new Date(start + s * 1000).toISOString();

const heartbeat = (s: number, message: Heartbeat = {}): FleetEvent => ({
  type: "heartbeat",
  id,
  at: time(s),
  message,
});
const status = (s: number, audit_seq: number, word: string, rest: object = {}): FleetEvent => ({
  type: "status",
  id,
  at: time(s),
  audit_seq,
  message: { status: word, ...rest },
});
const command = (
  s: number,
  stream_seq: number,
  type: "stop" | "pause" | "resume" | "task",
  rest: object = {},
): FleetEvent => ({
  type: "command",
  id,
  at: time(s),
  stream_seq,
  message: { type, command_id: `c${stream_seq}`, from: "me", ...rest },
});
const receipt = (
  s: number,
  audit_seq: number,
  command_id: string,
  state: "delivered" | "injected" | "applied" | "refused",
): FleetEvent => ({
  type: "receipt",
  id,
  at: time(s),
  audit_seq,
  message: { command_id, state },
});

function replay(events: readonly FleetEvent[], from?: AgentRecord): AgentRecord {
  const record = events.reduce<AgentRecord | undefined>(reduceAgent, from);
  if (record === undefined) throw new Error("no events");
  return record;
}
const view = (s: number, ...events: FleetEvent[]) => viewAgent(replay(events), new Date(start + s * 1000));

describe("which order a receipt is for", () => {
  const states = (record: AgentRecord) =>
    record.commands.map(({ command_id, type, receipts }) => [
      ...[command_id, type],
      ...receipts.map(({ state }) => state),
    ]);
  const named = (event: FleetEvent, names: object): FleetEvent =>
    ({ ...event, message: { ...(event as { message: object }).message, ...names } }) as FleetEvent;
  const order = (token?: string) =>
    named(command(1, 1, "task"), { command_id: "k", ...(token && { token }) });
  const said = (seq: number, state: "delivered" | "applied", token?: string) =>
    named(receipt(2, seq, "k", state), token === undefined ? {} : { token });

  test("one that names a token is of the order with that token alone, whichever is read first", () => {
    expect(states(replay([order("t2"), said(1, "applied", "t1"), said(2, "delivered", "t2")]))).toEqual([
      ["k", "task", "stored", "delivered"],
    ]);
    expect(states(replay([said(1, "applied", "t1"), order("t2")]))).toEqual([["k", "task", "stored"]]);
    expect(states(replay([said(1, "applied", "t2"), order("t2")]))).toEqual([
      ["k", "task", "stored", "applied"],
    ]);
    expect(states(replay([said(1, "applied", "t1"), said(2, "delivered", "t2"), order("t2")]))).toEqual([
      ["k", "task", "stored", "delivered"],
    ]);
    expect(states(replay([order(), said(1, "applied", "t1")]))).toEqual([["k", "task", "stored"]]);
  });

  test("one without a token, of a plain program, is of the order with its id; a doubled one is nothing new", () => {
    const events = [order("t2"), said(1, "delivered"), said(2, "delivered"), said(3, "applied", "t2")];
    const record = replay([...events, said(4, "applied"), named(said(5, "applied"), { state: "expired" })]);
    expect(states(record)).toEqual([["k", "task", "stored", "delivered", "applied"]]);
  });

  test("a message under a command's id hides it no more than a command a message", () => {
    const message: FleetEvent = {
      ...{ type: "message", id, at: time(1), stream_seq: 2 },
      message: { message_id: "k", token: "m", from: "eve", text: "hi" },
    };
    const record = replay([order("t"), message, said(1, "delivered", "m"), said(2, "applied", "t")]);
    expect(states(record)).toEqual([
      ["k", "task", "stored", "applied"],
      ["COMMANDS-2", "message", "stored", "delivered"],
    ]);
  });
});

describe("a control order of an earlier run", () => {
  test("says nothing of the run that there is now", () => {
    const stop = (run: string): FleetEvent =>
      ({
        ...command(1, 1, "stop"),
        message: { type: "stop", command_id: "s", from: "me", run },
      }) as FleetEvent;
    const control = (run: string) =>
      view(3, heartbeat(0, { instance_id: "r1" }), stop(run)).axes.control.value;
    expect([control("r1"), control("r0")]).toEqual(["stop_requested", "running"]);
  });
});

describe("a bridge's connection", () => {
  const linkAfter = (...events: FleetEvent[]) => view(10, ...events).axes.link;
  const beat = (s: number, instance_id: string) => heartbeat(s, { instance_id });
  const connection = (
    s: number,
    isUp: boolean,
    client: string,
    startedS: number,
    instance_id = "r1",
  ): FleetEvent => ({
    type: "connection",
    id,
    at: time(s),
    connection: {
      isUp,
      at: time(s),
      client,
      started_at: time(startedS),
      instance_id,
      reason: "Client Closed",
    },
  });

  test.each<[string, FleetEvent[], string]>([
    ["its end puts the agent offline", [beat(0, "r1"), connection(5, false, "1", 0)], "offline"],
    [
      "a new connection revives it",
      [beat(0, "r1"), connection(5, false, "1", 0), connection(6, true, "2", 6)],
      "online",
    ],
    [
      "a new run's heartbeat revives it",
      [beat(0, "r1"), connection(5, false, "1", 0), beat(5.1, "r2")],
      "online",
    ],
    [
      "the late end of an older connection changes nothing",
      [beat(0, "r1"), connection(6, true, "2", 6), connection(7, false, "1", 0)],
      "online",
    ],
    [
      "the end of an earlier run changes nothing",
      [beat(0, "r1"), beat(5, "r2"), connection(6, false, "1", 0)],
      "online",
    ],
    [
      "the news of its beginning, read after that of its end, does not revive it",
      [beat(0, "r1"), connection(5, false, "1", 0), connection(6, true, "1", 0)],
      "offline",
    ],
  ])("%s", (_, events, link) => {
    expect(linkAfter(...events).value).toBe(link as "online");
  });

  test("says where it knows it from, and why", () => {
    expect(linkAfter(beat(0, "r1"), connection(5, false, "1", 0))).toMatchObject({
      source: "connection",
      at: time(5),
      reason: "its connection is gone (Client Closed)",
    });
  });
});

describe("several runs of one agent at once", () => {
  const beat = (s: number, instance_id: string, status: string, seq?: number) =>
    heartbeat(s, { instance_id, status, ...(seq === undefined ? {} : { seq }) });
  const goodbye = (s: number, seq: number, instance_id: string, word = "disconnected") =>
    status(s, seq, word, { instance_id });
  const up = (s: number, instance_id: string, isUp = true): FleetEvent => ({
    ...{ type: "connection", id, at: time(s) },
    connection: {
      ...{ isUp, at: time(s), client: `client of ${instance_id}`, instance_id },
      started_at: time(instance_id === "b" ? 20 : 0),
    },
  });
  const shown = (s: number, ...events: FleetEvent[]) => {
    const { status: word, heartbeat: evidence, axes } = view(s, ...events);
    return `${evidence?.instance_id} ${word}, ${axes.link.value}`;
  };
  const first = [up(0, "a"), beat(0.1, "a", "working", 1), beat(15, "a", "working", 2)];
  const visit = [up(20, "b"), beat(20.1, "b", "starting", 1), beat(20.5, "b", "connected", 2)];

  test("one that comes beside a connected one changes nothing, and nor does its end", () => {
    expect(shown(20.2, ...first, ...visit.slice(0, 2))).toBe("a working, online");
    expect(shown(20.6, ...first, ...visit)).toBe("a working, online");
    const told = [...first, ...visit, goodbye(22, 1, "b")];
    expect(shown(22, ...told)).toBe("a working, online");
    expect(replay([...told, up(22.1, "b", false)])).toEqual({
      ...replay(first),
      audit_seq: 1,
      last_seen: time(22),
    });
    const killed = [...first, ...visit, up(22, "b", false)];
    expect(shown(40, ...killed, beat(30, "a", "idle", 3))).toBe("a idle, online");
    expect(replay(killed)).not.toHaveProperty("other_runs");
  });

  test("the run stays the same, and began when it began, while both beat", () => {
    const both = [...first, ...visit, beat(30, "a", "working", 3), beat(35, "b", "idle", 3)];
    expect(shown(40, ...both)).toBe("a working, online");
    expect(replay(both).run_started_at).toBe(time(0.1));
  });

  test("the one that is left is the agent's run from then on, with its own word", () => {
    expect(shown(22, ...first, ...visit, goodbye(22, 1, "a", "stopped"))).toBe("b connected, online");
    expect(shown(22, ...first, ...visit, up(22, "a", false))).toBe("b connected, online");
    expect(shown(22, ...first, ...visit, up(22, "a", false), goodbye(22, 1, "a"))).toBe(
      "b connected, online",
    );
    // Its heartbeats alone have ended: the other's next one shows it.
    expect(shown(65, ...first, ...visit, beat(61, "b", "idle", 9))).toBe("b idle, online");
    expect(shown(30, ...first, ...visit, goodbye(22, 1, "a"), goodbye(23, 2, "b"))).toBe(
      "b disconnected, offline",
    );
  });

  test("where no connection is told, the last that came is the run, and after its end the one before it", () => {
    const told = [beat(0, "a", "working", 1), beat(20, "b", "starting", 1)];
    expect(shown(21, ...told)).toBe("b starting, online");
    expect(shown(30, ...told, beat(22, "a", "working", 2), beat(25, "b", "idle", 2))).toBe("b idle, online");
    expect(shown(22, ...told, goodbye(21, 1, "b"))).toBe("a working, online");
    // Nothing was heard of the first since: what a person stopped is not shown as running.
    expect(shown(22, ...told, goodbye(21, 1, "b", "stopped"))).toBe("b stopped, offline");
    const heard = [...told, beat(20.5, "a", "working", 2)];
    expect(shown(22, ...heard, goodbye(21, 1, "b", "stopped"))).toBe("a working, online");
  });

  test("a heartbeat that names no run is of the one that is connected", () => {
    const record = replay([...first, heartbeat(16, { status: "idle" }), beat(30, "a", "working", 3)]);
    expect(record.run_started_at).toBe(time(0.1));
    expect(record.heartbeat).toMatchObject({ instance_id: "a", seq: 3 });
  });

  test("many that come and go leave nothing behind, and of those that stay 8 are kept", () => {
    const many = (end: boolean) =>
      Array.from({ length: 30 }, (_, n) => [
        beat(20 + n / 10, `v${n}`, "starting", 1),
        ...(end ? [goodbye(20.05 + n / 10, n + 1, `v${n}`)] : []),
      ]).flat();
    expect(replay([...first, ...many(true)])).not.toHaveProperty("other_runs");
    expect(replay([...first, ...many(false)]).other_runs).toHaveLength(8);
  });
});

describe("reduceAgent()", () => {
  test("a heartbeat registers an unknown agent, a status does too", () => {
    expect(view(0, heartbeat(0)).axes.link.value).toBe("online");
    expect(view(0, status(0, 1, "idle")).agent_id).toBe(id);
  });

  test("a heartbeat leaves what it does not say as it was, and null clears the task", () => {
    const first = heartbeat(0, { config_name: "Snake", current_task: "build", project_path: "/p" });
    expect(replay([first, heartbeat(15)])).toMatchObject({ config_name: "Snake", current_task: "build" });
    expect(replay([first, heartbeat(15, { current_task: null })]).current_task).toBe("");
  });

  test("a late heartbeat of the same run changes nothing", () => {
    const now = replay([heartbeat(0, { instance_id: "i", seq: 5, status: "idle" })]);
    expect(reduceAgent(now, heartbeat(1, { instance_id: "i", seq: 4, status: "working" }))).toBe(now);
  });

  test("a replayed event of a stream changes nothing", () => {
    const events = [
      heartbeat(0),
      status(1, 7, "working"),
      command(2, 3, "task"),
      receipt(3, 8, "c3", "delivered"),
    ];
    const once = replay(events);
    const again = replay(events.slice(1), once);
    expect(again).toEqual(once);
  });

  test("commands and receipts of two streams give the same record in any interleaving", () => {
    const orders = [command(1, 1, "task"), command(2, 2, "pause"), command(3, 3, "task")];
    const receipts = [
      receipt(4, 1, "c1", "delivered"),
      receipt(5, 2, "c2", "delivered"),
      receipt(6, 3, "c1", "injected"),
      receipt(7, 4, "c1", "applied"),
    ];
    const expected = replay([...orders, ...receipts]);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), (choices) => {
        const [left, right] = [[...orders], [...receipts]];
        const mixed = choices.flatMap((fromLeft) => (fromLeft ? left : right).splice(0, 1));
        const record = replay([...mixed, ...left, ...right]);
        const byId = (commands: AgentRecord["commands"]) =>
          commands.toSorted((a, b) => a.command_id.localeCompare(b.command_id));
        expect(byId(record.commands)).toEqual(byId(expected.commands));
      }),
    );
  });

  test("tasks that were taken and have no end are kept up to 1,000, those that wait all", () => {
    const waits = command(0, 1, "task");
    const taken = Array.from({ length: 1_010 }, (_, i) => [
      command(i, i + 2, "task"),
      receipt(i, i + 1, `c${i + 2}`, "injected"),
    ]).flat();
    const ids = replay([waits, ...taken]).commands.map(({ command_id }) => command_id);
    expect(ids.length).toBe(1_001);
    expect(ids.slice(0, 2)).toEqual(["c1", "c12"]);
    expect(ids.at(-1)).toBe("c1011");
  });

  test("an agent stays paused however many orders end after its pause, and though a resume is not carried out", () => {
    const settled = Array.from({ length: 30 }, (_, i) => [
      command(10 + i, 10 + i, "task"),
      receipt(10 + i, 100 + i, `c${10 + i}`, "refused"),
    ]).flat();
    const paused = [heartbeat(0), command(1, 1, "pause"), receipt(2, 1, "c1", "applied")];
    const resume = [command(50, 50, "resume"), receipt(51, 200, "c50", "refused")];
    const later = settled.map((event) => ({ ...event, at: time(60) }));
    expect(view(60, ...paused, ...settled, ...resume).axes.control.value).toBe("paused");
    expect(view(60, ...paused, ...resume, ...later).axes.control.value).toBe("paused");
  });

  test("settled commands are kept up to 20, pending ones all", () => {
    const settled = Array.from({ length: 30 }, (_, i) => [
      command(i, i + 1, "task"),
      receipt(i, i + 1, `c${i + 1}`, "applied"),
    ]).flat();
    const pending = Array.from({ length: 30 }, (_, i) => command(40 + i, 100 + i, "task"));
    const inOrder = replay([...settled, ...pending]);
    expect(inOrder.commands.length).toBe(50);
    expect(inOrder.commands[0]?.command_id).toBe("c11");
  });

  test("receipts for commands that never were cannot pile up", () => {
    const strays = Array.from({ length: 500 }, (_, i) => receipt(i, i + 1, `x${i}`, "delivered"));
    expect(replay([heartbeat(0), ...strays]).commands.length).toBeLessThanOrEqual(21);
  });

  test("a missing command_id is filled from the stream's sequence", () => {
    const plain: FleetEvent = {
      type: "command",
      id,
      at: time(0),
      stream_seq: 9,
      message: { type: "task", payload: "x" },
    };
    expect(replay([plain]).commands[0]).toMatchObject({
      command_id: "COMMANDS-9",
      from: "unknown",
      summary: "x",
    });
  });
});

describe("what is kept of an agent's words", () => {
  const long = `${"word ".repeat(1_000_000)}\u{1F600}`;
  const event = (audit_seq: number, message: object): FleetEvent => ({
    type: "event",
    id,
    at: time(1),
    audit_seq,
    message: { kind: "progress", ...message },
  });

  test("is their beginning, so that one agent alone cannot make the fleet too large to be told", () => {
    const record = replay([
      heartbeat(0, { current_task: long, launch_task: long }),
      status(1, 1, "working", { message: long, current_task: long }),
      event(2, { detail: long }),
      event(3, { kind: "usage", usage: { tokens_used: 7, notes: long, more: { text: long } } }),
      event(4, { kind: "tool_failed", tool: "Bash", detail: long }),
      command(1, 1, "task"),
      {
        type: "receipt",
        id,
        at: time(2),
        audit_seq: 5,
        message: { command_id: "c1", state: "failed", detail: long },
      },
    ]);
    expect(JSON.stringify(record).length).toBeLessThan(20_000);
    for (const text of [record.current_task, record.said?.message, record.progress?.note]) {
      expect(text).toHaveLength(4_001);
      expect(text).toEndWith("…");
    }
    expect(record.commands[0]?.receipts.at(-1)?.detail).toStartWith("word word");
    expect(record.usage).toEqual({ tokens_used: 7, at: time(1) });
  });

  test("is not cut inside a character, and is the same when it is said again", () => {
    const edge = `${"x".repeat(3_999)}\u{1F600}`;
    const once = replay([status(0, 1, "working", { message: edge })]);
    expect(once.said?.message).toBe(`${"x".repeat(3_999)}…`);
    const again = replay([status(5, 2, "working", { message: edge })], once);
    expect(again.said?.since).toBe(time(0));
  });
});

describe("inboxOf()", () => {
  test("holds what was not handed to the CLI, without stops", () => {
    const record = replay([
      command(0, 1, "task"),
      command(0, 2, "stop"),
      command(0, 3, "pause"),
      command(0, 4, "task"),
      receipt(1, 1, "c1", "injected"),
      receipt(1, 2, "c3", "delivered"),
      receipt(1, 3, "c4", "refused"),
    ]);
    expect(inboxOf(record).map(({ command_id }) => command_id)).toEqual(["c3"]);
  });
});

describe("open requests", () => {
  const open = (...ids: string[]): FleetEvent => ({
    type: "requests",
    id,
    at: time(1),
    open: ids.map((request_id) => ({ request_id, kind: "question", asked_at: time(0), summary: "why?" })),
  });

  test("are what the last word said, and the same word again changes nothing", () => {
    const asked = reduceAgent(undefined, open("r1", "r2"));
    expect(asked.requests?.map(({ request_id }) => request_id)).toEqual(["r1", "r2"]);
    expect(reduceAgent(asked, open("r1", "r2"))).toBe(asked);
    expect(reduceAgent(asked, open("r2")).requests).toMatchObject([{ request_id: "r2" }]);
    expect(reduceAgent(asked, open())).not.toHaveProperty("requests");
    expect(reduceAgent(asked, heartbeat(2)).requests).toEqual(asked.requests);
  });
});

describe("reduceAgent()", () => {
  test("when a task was reported is known, though heartbeats repeat it and come after it", () => {
    const dig = { current_task: "dig" };
    const beats = [heartbeat(1, dig), heartbeat(16, dig), heartbeat(31, dig)];
    expect(replay(beats).task_at).toBe(time(1));
    expect(replay([...beats, status(40, 1, "working", dig), heartbeat(46, dig)]).task_at).toBe(time(40));
    expect(replay([...beats, heartbeat(46, { current_task: "fill" })]).task_at).toBe(time(46));
    expect(view(50, heartbeat(1, { launch_task: "build it" })).task).toMatchObject({ text: "build it" });
  });

  test("the task of a launch is kept when the session is resumed, and not for another session", () => {
    const launched = heartbeat(1, { instance_id: "one", session_id: "s1", launch_task: "build it" });
    const resumed = heartbeat(60, { instance_id: "two", session_id: "s1" });
    expect(replay([launched, resumed]).launch_task).toEqual({ text: "build it", at: time(1) });
    expect(view(61, launched, resumed).task).toMatchObject({ text: "build it", from: "its launch" });
    const another = heartbeat(60, { instance_id: "two", session_id: "s2" });
    expect(replay([launched, another]).launch_task).toBeUndefined();
    const own = heartbeat(60, { instance_id: "two", session_id: "s1", launch_task: "paint it" });
    expect(replay([launched, own]).launch_task).toEqual({ text: "paint it", at: time(60) });
  });
});
