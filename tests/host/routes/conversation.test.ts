import { describe, expect, test } from "bun:test";
import { createConversationWatch } from "../../../src/host/routes/conversation.ts";

function start() {
  const failed: string[] = [];
  const watch = createConversationWatch({
    delivery: { leaveConversation: () => ["t1", "t2"] },
    tasks: { fail: (ids, detail) => void failed.push(`${ids}: ${detail}`) },
  });
  const hook = (kind: "session_start" | "session_end" | "prompt", session_id: string, detail = "") =>
    watch.note({ facts: { kind, session_id, detail }, isSubagent: false });
  return { watch, hook, failed };
}

describe("createConversationWatch()", () => {
  test("another session in the same run fails what the one before had, once, in words", () => {
    const { hook, failed } = start();
    hook("session_start", "s1", "startup");
    hook("prompt", "s1");
    hook("session_end", "s1", "clear");
    expect(failed).toEqual([]);
    hook("session_start", "s2", "clear");
    hook("prompt", "s2");
    expect(failed).toEqual(["t1,t2: the session ended: another one has begun in its place (clear)"]);
  });

  test("a session that goes on, compacted or resumed, has its conversation still", () => {
    const { hook, failed } = start();
    hook("prompt", "s1");
    hook("session_start", "s1", "compact");
    hook("session_start", "s1", "resume");
    expect(failed).toEqual([]);
  });

  test("a subagent's hook, and a late one of the session before, begin no other session", () => {
    const { watch, hook, failed } = start();
    hook("session_start", "s1");
    hook("session_start", "s2");
    hook("prompt", "s1");
    watch.note({ facts: { kind: "session_start", session_id: "s3" }, isSubagent: true });
    watch.note({ facts: { kind: "session_start" }, isSubagent: false });
    expect(failed).toEqual(["t1,t2: the session ended: another one has begun in its place"]);
  });
});
