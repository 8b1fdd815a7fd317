import { expect, test } from "bun:test";
import {
  conversationsOf,
  messageOfRecord,
  type ShownMessage,
} from "../../../src/domain/history/conversations.ts";

const startMs = Date.parse("2026-11-29T10:00:00Z");
const message = (seq: number, to: string, fields: object) =>
  messageOfRecord({
    ...{ seq, at: new Date(startMs + seq * 1_000).toISOString() },
    subject: `agent.${to}.message`,
    message: { message_id: `m${seq}`, ...fields },
  }) as ShownMessage;

test("conversationsOf() groups by thread, the one with the newest message first, its messages oldest first", () => {
  const found = conversationsOf([
    message(4, "ada", { from: "bob", text: "done", thread: "m1", reply_to: "m1" }),
    message(3, "dan", { from: "cleo", text: "hi" }),
    message(1, "bob", { from: "ada", text: "please" }),
  ]);
  expect(found.map(({ thread, members }) => [thread, members])).toEqual([
    ["m1", ["ada", "bob"]],
    ["m3", ["cleo", "dan"]],
  ]);
  expect(found[0]?.messages.map(({ text }) => text)).toEqual(["please", "done"]);
});

test("conversationsOf() shows once what the same agent tells several at the same time, and twice what it repeats to one", () => {
  const told = (seq: number, to: string) => message(seq, to, { from: "cap", text: "all hands", thread: "t" });
  const [only] = conversationsOf([told(1, "ada"), told(2, "bob"), told(3, "ada")]);
  expect(only?.messages.map(({ to, copies }) => [to, copies])).toEqual([
    [
      ["ada", "bob"],
      ["m1", "m2"],
    ],
    [["ada"], ["m3"]],
  ]);
});

test("messageOfRecord() takes what is there, and no other record", () => {
  expect(
    messageOfRecord({ seq: 7, at: "2026-11-29T10:00:00Z", subject: "agent.ada.message", message: "odd" }),
  ).toMatchObject({
    ...{ message_id: "AUDIT-7", thread: "AUDIT-7", from: "unknown", to: ["ada"], text: "" },
  });
  expect(
    messageOfRecord({ seq: 7, at: "2026-11-29T10:00:00Z", subject: "agent.ada.status", message: {} }),
  ).toBeUndefined();
});
