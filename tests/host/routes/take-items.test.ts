// What a host takes from the agent's inbox, and which open tasks its session goes on with.
import { describe, expect, test } from "bun:test";
import { createTakeItems } from "../../../src/host/routes/take-items.ts";

const item = { type: "task", origin: "person", from: "me", text: "dig", command_id: "c1" };
const open = (command_id: string, fields: object) => ({ command_id, token: `t-${command_id}`, ...fields });

function take(result: unknown, sessionId: string | undefined = "s1") {
  const asked: unknown[] = [];
  const tokens: string[] = [];
  const takeItems = createTakeItems({
    async call(name, args) {
      asked.push([name, args]);
      return result instanceof Error
        ? { text: result.message, isError: true }
        : { text: "", isError: false, result };
    },
    receipts: { noteToken: (id, token) => void tokens.push(`${id} ${token}`) },
    instanceId: "r2",
    sessionId: () => sessionId,
  });
  return { taken: takeItems(new AbortController().signal), asked, tokens };
}

describe("createTakeItems()", () => {
  test("asks for tasks and messages alone, and names each item by its own id", async () => {
    const message = { type: "message", origin: "agent", from: "bob", text: "hi", message_id: "m1" };
    const { taken, asked } = take({ items: [item, message], still_waiting: 2 });
    const { command_id: _, ...task } = item;
    const { message_id: __, ...rest } = message;
    expect(await taken).toEqual({
      items: [
        { ...task, id: "c1" },
        { ...rest, id: "m1" },
      ],
      stillWaiting: 2,
      earlierTasks: [],
    });
    expect(asked).toEqual([["take_orders", { types: ["task", "message"] }]]);
  });

  test("goes on with the open tasks that this session had in an earlier run, and notes their tokens for the receipts", async () => {
    const { taken, tokens } = take({
      items: [],
      still_waiting: 0,
      open_tasks: [
        open("same-session", { run: "r1", session_id: "s1" }),
        open("other-session", { run: "r1", session_id: "s0" }),
        open("no-session", { run: "r1" }),
        open("own", { run: "r2", session_id: "s1" }),
        open("own-continued", { run: "r2", session_id: "s1", goes_on: true }),
      ],
    });
    expect((await taken).earlierTasks).toEqual([
      { id: "same-session", token: "t-same-session" },
      { id: "own-continued", token: "t-own-continued" },
    ]);
    expect(tokens).toEqual(["same-session t-same-session", "own-continued t-own-continued"]);
  });

  test("goes on with no task of an earlier run while its own session is not known", async () => {
    const open_tasks = [open("c1", { run: "r1" }), open("c2", { run: "r1", session_id: "s1" })];
    const takeItems = createTakeItems({
      call: async () => ({ text: "", isError: false, result: { items: [], still_waiting: 0, open_tasks } }),
      receipts: { noteToken: () => undefined },
      instanceId: "r2",
      sessionId: () => undefined,
    });
    expect((await takeItems(new AbortController().signal)).earlierTasks).toEqual([]);
  });

  test("fails with the server's words, or with what is wrong with its answer", async () => {
    await expect(take(new Error("the server is away")).taken).rejects.toThrow("the server is away");
    await expect(take({ items: [{ ...item, text: 7 }], still_waiting: 0 }).taken).rejects.toThrow();
  });
});
