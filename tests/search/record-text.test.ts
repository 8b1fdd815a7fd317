// What of a record can be searched: its words, by kind and agent, and never a secret.
import { expect, test } from "bun:test";
import { parseSearchKind, recordText } from "../../src/search/record-text.ts";
import { errorOf } from "../support/error-of.ts";

const read = (subject: string, body: unknown) =>
  recordText({
    subject,
    data: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
  });

test.each([
  [
    "agent.ada.status",
    { status: "working", message: "half done", current_task: "tests" },
    "status",
    "working half done tests",
  ],
  ["agent.ada.event", { kind: "said", detail: "I am done" }, "said", "I am done"],
  [
    "agent.ada.event",
    { kind: "tool_start", tool: "Bash", detail: "npm test" },
    "tool_start",
    "Bash npm test",
  ],
  ["agent.ada.command", { type: "task", payload: { text: "fix it" } }, "task", "task fix it"],
  ["agent.ada.command", { type: "pause", payload: "lunch" }, "pause", "pause lunch"],
  ["agent.ada.shutdown", { reason: "the day is over", force: true }, "shutdown", "the day is over"],
  ["agent.ada.message", { text: "use tabs", from: "bob" }, "message", "use tabs"],
  [
    "agent.ada.receipt",
    { command_id: "c1", state: "failed", detail: "no such file" },
    "receipt",
    "failed no such file",
  ],
  [
    "audit.tools.ada",
    { tool: "ask_human", arguments: { question: "Tabs?", choices: ["yes", "no"] } },
    "tool",
    "ask_human Tabs? yes no",
  ],
  ["audit.malformed.ada", { error: "not JSON", sample: "{oops" }, "malformed", "not JSON {oops"],
  [
    "agent.ada.transcript",
    { entry_id: "e1", kind: "tool_call", tool: "Bash", title: "npm test", text: "{}" },
    "tool_call",
    "Bash npm test {}",
  ],
] as const)("recordText() > %s %o", (subject, body, kind, text) => {
  expect(read(subject, body)).toMatchObject({ agent_id: "ada", kind, text });
});

test("recordText() > an alert belongs to the agent in its body, a broadcast to none", () => {
  const alert = { kind: "silent", agent_id: "ada", message: "ada is silent" };
  expect(read("dashboard.alert", alert)).toMatchObject({ agent_id: "ada", kind: "alert" });
  expect(read("captain.broadcast", { text: "all hands" })).toEqual({
    kind: "broadcast",
    kinds: ["broadcast"],
    text: "all hands",
  });
});

test("recordText() > an event is found by its own kind, and by the kind event", () => {
  expect(read("agent.ada.event", { kind: "said", detail: "x" })?.kinds).toEqual(["event", "said"]);
});

test.each([
  ["agent.ada.event", { kind: "turn_end" }],
  ["agent.ada.receipt", { command_id: "c1", state: "seen" }],
  ["agent.ada.heartbeat", { current_task: "tests" }],
  ["audit.checkpoint", { digests: ["abc"] }],
  ["agent.ada.status", "not JSON"],
  ["agent.ada.status", "[1]"],
])("recordText() > a record without words is left out: %s %o", (subject, body) => {
  expect(read(subject, body)).toBeUndefined();
});

test("recordText() > a secret is left out", () => {
  const detail = "export OPENAI_API_KEY=abcdefgh and nats://user:hunter2@host, then npm test";
  const text = read("agent.ada.event", { kind: "tool_start", tool: "Bash", detail })?.text ?? "";
  expect(text).not.toMatch(/abcdefgh|hunter2/);
  expect(text).toContain("npm test");
});

test("parseSearchKind() > names the nearest kind", () => {
  expect(parseSearchKind("said")).toBe("said");
  expect(errorOf(() => parseSearchKind("sayd"))).toMatchObject({ code: "usage", hint: "did you mean said?" });
  expect(errorOf(() => parseSearchKind("heartbeat")).code).toBe("usage");
});
