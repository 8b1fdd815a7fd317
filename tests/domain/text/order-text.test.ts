import { expect, test } from "bun:test";
import { commandLine, commandText } from "../../../src/domain/text/order-text.ts";

test("commandText() reads a task as text or as {text}, and the reason of the others", () => {
  expect(commandText({ type: "task", payload: "a" })).toBe("a");
  expect(commandText({ type: "task", payload: { text: "b" } })).toBe("b");
  expect(commandText({ type: "stop", payload: { reason: "c" } })).toBe("c");
  expect(commandText({ type: "stop" })).toBe("");
  expect(commandText({ type: "task", payload: { odd: 1 } })).toBe('{"odd":1}');
  expect(commandText({ type: "stop", payload: { force: true } })).toBe("");
  expect(commandText({ type: "stop", payload: { force: true, reason: null } })).toBe("");
  expect(commandText({ type: "stop", payload: { deadline_s: 5 } })).toBe("");
  expect(commandText({ type: "stop", payload: { force: true, odd: 1 } })).toBe('{"force":true,"odd":1}');
});

test("commandLine() says in words how a stop is to happen, before its reason", () => {
  expect(commandLine({ type: "stop", payload: { force: true } })).toBe("by force");
  expect(commandLine({ type: "stop", payload: { force: true, reason: "it loops" } })).toBe(
    "by force: it loops",
  );
  expect(commandLine({ type: "stop", payload: { deadline_s: 5, force: true } })).toBe("by force, within 5 s");
  expect(commandLine({ type: "stop", payload: { force: false, reason: "late" } })).toBe("late");
  expect(commandLine({ type: "stop" })).toBe("");
  expect(commandLine({ type: "task", payload: "by hand" })).toBe("by hand");
});
