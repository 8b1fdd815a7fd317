import { expect, test } from "bun:test";
import { createLogReader, logEntry } from "../../../src/cli/log/log-entries.ts";

const at = "2026-01-01T01:00:00.000Z";
const read = (topic: string, message: unknown) => {
  const data = new TextEncoder().encode(typeof message === "string" ? message : JSON.stringify(message));
  const entry = logEntry({ seq: 7, at, subject: `agent.ada.${topic}`, data });
  if (entry === undefined) return undefined;
  const { kind, what, from, text, ...rest } = entry;
  expect(rest).toEqual({ seq: 7, at, agent_id: "ada" } as never);
  return [kind, what, from, text].filter((each) => each !== undefined).join(" | ");
};

test.each([
  ["command", { type: "task", payload: { text: "tidy\nup" }, from: "eve" }, "told | task | eve | tidy\nup"],
  ["command", { type: "stop", payload: { reason: "enough" } }, "told | stop | unknown | enough"],
  ["shutdown", { reason: "late" }, "told | shutdown | the server | late"],
  ["message", { text: "hello", from: "bea" }, "told | message | bea | hello"],
  ["message", { text: "yes", from: "eve", kind: "answer" }, "told | answer | eve | yes"],
  ["event", { kind: "prompt", detail: "begin" }, "told | prompt | begin"],
  ["event", { kind: "prompt", detail: "[cliai task t1] from eve: begin" }, undefined],
  ["event", { kind: "tool_start", tool: "Bash", detail: "ls" }, "calls | Bash | ls"],
  ["event", { kind: "tool_start", tool: "mcp__cliai__check_inbox" }, "calls | check_inbox | "],
  ["event", { kind: "tool_failed", tool: "cliai-ask_human", detail: "no" }, "failed | ask_human | no"],
  ["event", { kind: "tool_end", tool: "Bash" }, undefined],
  ["event", { kind: "tool_failed", tool: "Bash", detail: "exit 1" }, "failed | Bash | exit 1"],
  ["event", { kind: "tool_denied", tool: "Bash", detail: "no rule" }, "failed | Bash | refused: no rule"],
  ["event", { kind: "turn_failed", detail: "limit", error: "usage_limit" }, "failed | turn | limit"],
  ["event", { kind: "permission", tool: "Bash", detail: "rm" }, "asked | Bash | rm"],
  [
    "event",
    { kind: "notification", tool: "Bash", detail: "permission_response: deny" },
    "answered | Bash | refused",
  ],
  ["event", { kind: "notification", detail: "idle_prompt: Claude waits" }, undefined],
  ["event", { kind: "activity", detail: "wrote the tests" }, "reported | wrote the tests"],
  ["event", { kind: "said", detail: "All\nis done." }, "said | All\nis done."],
  ["event", { kind: "session_start", detail: "resume" }, "began | session (resume)"],
  ["event", { kind: "session_start" }, "began | session"],
  ["event", { kind: "tools_lost", detail: "it has ended" }, "failed | tools | it has ended"],
  ["event", { kind: "tools_back", detail: "it runs" }, "began | it runs"],
  [
    "event",
    { kind: "typed", detail: "eve types at its terminal" },
    "told | keys | eve types at its terminal",
  ],
  [
    "event",
    { kind: "transcript_lost", detail: "2 entries are lost", lost_entries: 2 },
    "failed | transcript | 2 entries are lost",
  ],
  ["event", { kind: "usage", usage: {} }, undefined],
  ["status", { status: "working" }, undefined],
  ["status", { status: "blocked", message: "no key" }, "reported | blocked | no key"],
  ["status", { status: "stopped", message: "stop by eve" }, "ended | stopped: stop by eve"],
  ["status", { status: "crashed", message: "SIGKILL" }, "ended | crashed: SIGKILL"],
  ["receipt", { command_id: "t1", state: "seen" }, undefined],
  ["command", "no json", undefined],
])("logEntry() of a record %s %j is %j", (topic, message, line) => {
  expect(read(topic, message)).toBe(line as never);
});

test("logEntry() of a record that is about no agent is none", () => {
  const data = new TextEncoder().encode("{}");
  expect(logEntry({ seq: 1, at, subject: "audit.tools.ada", data })).toBeUndefined();
});

test("an order that is given to another run is told again, with its first words; a receipt that comes twice is not", () => {
  const reader = createLogReader();
  let seq = 0;
  const told = (topic: string, message: object) => {
    const data = new TextEncoder().encode(JSON.stringify(message));
    const entry = reader({ seq: ++seq, at, subject: `agent.ada.${topic}`, data });
    return entry && [entry.kind, entry.again, entry.what, entry.from, entry.text];
  };
  const injected = (run: string, command_id = "t1") =>
    told("receipt", { command_id, state: "injected", route: "stream-json", run });
  const text = `dig ${"x".repeat(300)}`;
  const task = ["told", undefined, "task", "eve", text];
  expect(told("command", { type: "task", payload: { text }, from: "eve", command_id: "t1" })).toEqual(task);
  expect(injected("r1")).toBeUndefined();
  expect(injected("r1")).toBeUndefined();
  expect(told("receipt", { command_id: "t1", state: "seen", run: "r2" })).toBeUndefined();
  expect(injected("r2")).toEqual(["told", true, "task", "eve", `${text.slice(0, 200)}…`]);
  expect(injected("r2")).toBeUndefined();
  expect(injected("r3")?.[1]).toBe(true);
  expect(injected("r3", "t2")).toBeUndefined();
  expect(told("message", { text: "hello", from: "bea", message_id: "m1" })?.[1]).toBeUndefined();
  expect([injected("r3", "m1"), injected("r4", "m1")]).toEqual([
    undefined,
    ["told", true, "message", "bea", "hello"],
  ]);
});

test("an end that several report is told once; a new one, and one after something else, is told", () => {
  const reader = createLogReader();
  let seq = 0;
  const ends = (topic: string, message: object) => {
    const data = new TextEncoder().encode(JSON.stringify(message));
    return reader({ seq: ++seq, at, subject: `agent.ada.${topic}`, data })?.text;
  };
  const status = (word: string, instance_id: string, message = "") =>
    ends("status", { status: word, instance_id, message });
  expect(status("crashed", "r1", "its host has ended")).toBe("crashed: its host has ended");
  expect(status("disconnected", "r1", "its host has ended")).toBeUndefined();
  expect(status("crashed", "r1")).toBeUndefined();
  expect(status("disconnected", "bridge-of-r1", "stdin closed")).toBeUndefined();
  expect(status("failed_to_start", "r2", "no login")).toBe("failed_to_start: no login");
  expect(ends("event", { kind: "said", detail: "hello" })).toBe("hello");
  expect(status("disconnected", "r3")).toBe("disconnected");
});
