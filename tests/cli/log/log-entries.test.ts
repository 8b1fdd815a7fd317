import { expect, test } from "bun:test";
import { logEntry } from "../../../src/cli/log/log-entries.ts";

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
  ["event", { kind: "tool_end", tool: "Bash" }, undefined],
  ["event", { kind: "tool_failed", tool: "Bash", detail: "exit 1" }, "failed | Bash | exit 1"],
  ["event", { kind: "tool_denied", tool: "Bash", detail: "no rule" }, "failed | Bash | refused: no rule"],
  ["event", { kind: "turn_failed", detail: "limit", error: "usage_limit" }, "failed | turn | limit"],
  ["event", { kind: "permission", tool: "Bash", detail: "rm" }, "asked | Bash | rm"],
  ["event", { kind: "activity", detail: "wrote the tests" }, "reported | wrote the tests"],
  ["event", { kind: "said", detail: "All\nis done." }, "said | All\nis done."],
  ["event", { kind: "session_start", detail: "resume" }, "began | session (resume)"],
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
