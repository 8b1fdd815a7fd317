// What each hook shows of the session's work: its turn, and what runs in the background.
import { describe, expect, test } from "bun:test";
import type { BackgroundTask, Hook, HookFacts } from "../../../src/domain/hook.ts";
import { createBackground } from "../../../src/host/hear/background.ts";
import { createWorkNotes } from "../../../src/host/hear/work-notes.ts";

function notes(hasStream = false) {
  const done: unknown[] = [];
  const background = createBackground({ isTurnOpen: () => false });
  const note = createWorkNotes({
    turn: {
      offerPrompt: (atMs, isSentNow, promptId) => void done.push(["prompt", atMs, isSentNow, promptId]),
      begin: (atMs, promptId) => void done.push(["begin", atMs, promptId]),
    },
    background: { ...background, noteTurn: () => void done.push(["awake"]) },
    turnEnds: { noteWork: () => void done.push(["work"]) },
    dialogs: { note: ({ facts }) => void done.push(["dialog", facts.kind, facts.subagent]) },
    events: { send: (event) => void done.push(["event", event]) },
    published: { noteHook: () => undefined },
    ...{ hasStream, now: () => new Date(1_000) },
  });
  const hook = (kind: HookFacts["kind"], facts: Partial<HookFacts> = {}, more: Partial<Hook> = {}) =>
    note({ facts: { kind, ...facts }, isSubagent: facts.subagent !== undefined, ...more });
  return { hook, done, running: () => background.running() };
}

describe("createWorkNotes()", () => {
  test("offers a prompt, which of a headless session is sent at once, and begins a turn with a tool", () => {
    for (const hasStream of [true, false]) {
      const { hook, done } = notes(hasStream);
      hook("prompt", {}, { promptId: "p1" });
      expect(done).toEqual([["prompt", 1_000, hasStream, "p1"], ["awake"]]);
    }
    const { hook, done } = notes();
    hook("tool_start", {}, { promptId: "p1" });
    expect(done).toEqual([["begin", 1_000, "p1"], ["work"], ["awake"]]);
  });

  test("begins no turn with what comes at its end or beside it", () => {
    const { hook, done } = notes();
    for (const kind of ["tool_end", "tool_failed", "turn_end", "session_start", "notification"] as const)
      hook(kind);
    hook("tool_start", { subagent: "s1" });
    hook("prompt", {}, { isSubagent: true });
    expect(done).toEqual([]);
  });

  test.each(["subagent_start", "tool_start", "permission", "question"] as const)(
    "takes a subagent for running by its %s, until its end",
    (kind) => {
      const { hook, running } = notes();
      hook(kind, { subagent: "s1", detail: "look" });
      const description = kind === "subagent_start" ? "look" : undefined;
      expect(running()).toEqual([{ id: "s1", type: "subagent", description }]);
      hook("subagent_end", { subagent: "s1" });
      expect(running()).toEqual([]);
    },
  );

  test("does not take a subagent for running by what may come after its end", () => {
    const { hook, running } = notes();
    for (const kind of ["tool_end", "tool_failed", "notification"] as const) hook(kind, { subagent: "s1" });
    expect(running()).toEqual([]);
  });

  test("ends a subagent that the CLI's own list has no more: its user has ended it", () => {
    const { hook, done, running } = notes();
    const shell: BackgroundTask = { id: "b1", type: "shell" };
    hook("subagent_start", { subagent: "s1" });
    hook("subagent_start", { subagent: "s2" });
    hook("turn_end", {}, { background: [shell, { id: "s2", type: "subagent" }] });
    expect(done).toEqual([
      ["event", { kind: "subagent_end", subagent: "s1", detail: "ended by its user" }],
      ["dialog", "subagent_end", "s1"],
    ]);
    expect(running().map(({ id }) => id)).toEqual(["b1", "s2"]);
    hook("turn_end", {}, { background: [] });
    // A shell that has gone has no dialog and no event of its own.
    expect(done.filter((each) => JSON.stringify(each).includes("b1"))).toEqual([]);
  });

  test("leaves the list as it is where a subagent's hook, or one without a list, tells none", () => {
    const { hook, running } = notes();
    hook("subagent_start", { subagent: "s1" });
    hook("turn_end", {});
    hook("tool_end", { subagent: "s1" }, { background: [] });
    expect(running().map(({ id }) => id)).toEqual(["s1"]);
  });
});
