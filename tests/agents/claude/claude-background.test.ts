import { describe, expect, test } from "bun:test";
import { readBackgroundTasks, readTaskEnd } from "../../../src/agents/claude/claude-background.ts";

describe("readBackgroundTasks()", () => {
  test("reads the list of the hook Stop: what runs or is about to", () => {
    const list = [
      { id: "b1", type: "shell", status: "running", description: "npm run build" },
      { id: "b2", type: "shell", status: "completed" },
      { id: "a1", type: "subagent", status: "pending" },
      { id: "x1", type: "remote" },
    ];
    expect(readBackgroundTasks(list)).toEqual([
      { id: "b1", type: "shell", description: "npm run build" },
      { id: "a1", type: "subagent" },
      { id: "x1", type: "task" },
    ]);
  });

  test("reads the list of the stream, where the same has other names", () => {
    const list = [
      { task_id: "b1", task_type: "local_bash", description: "npm run build" },
      { task_id: "a1", task_type: "local_agent" },
    ];
    expect(readBackgroundTasks(list)).toEqual([
      { id: "b1", type: "shell", description: "npm run build" },
      { id: "a1", type: "subagent" },
    ]);
  });

  test("leaves out what it cannot read, and keeps the rest", () => {
    const list = [undefined, "b1", { id: 7 }, {}, { id: "b2", type: 5, description: ["x"] }];
    expect(readBackgroundTasks(list)).toEqual([{ id: "b2", type: "task" }]);
  });

  test("a description is short, and has no secret of a command line", () => {
    const [secret, long] = readBackgroundTasks([
      { id: "b1", type: "shell", description: "curl https://eve:hunter2@example.org/x" },
      { id: "b2", type: "shell", description: "x".repeat(1_000) },
    ]);
    expect(secret?.description).not.toContain("hunter2");
    expect(long?.description).toHaveLength(200);
  });
});

describe("readTaskEnd()", () => {
  const told = (status: string) =>
    `<task-notification>\n<task-id>b1</task-id>\n<status>${status}</status>\n</task-notification>`;

  test.each(["completed", "failed", "killed", "stopped"])("a task that is %s has ended", (status) => {
    expect(readTaskEnd(told(status))).toBe("b1");
  });

  test.each([told("running"), "b1 completed", "<task-id>b1</task-id><status>completed</status>", ""])(
    "%j tells no end",
    (words) => expect(readTaskEnd(words)).toBeUndefined(),
  );
});
