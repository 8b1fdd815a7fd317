import { expect, test } from "bun:test";
import { commandStoredAs, createOrderToken, messageStoredAs } from "../../src/server/order-names.ts";
import { ada, bob } from "../support/agents.ts";

test("commandStoredAs() and messageStoredAs() give the same order the same name, and no two orders one", () => {
  expect(commandStoredAs(ada, "o1")).toBe(commandStoredAs(ada, "o1"));
  const names = [ada, bob].flatMap((id) =>
    ["o1", "o2"].flatMap((order) => [commandStoredAs(id, order), messageStoredAs(id, order)]),
  );
  expect(new Set(names).size).toBe(8);
});

test("createOrderToken() has 128 random bits that a subject or a header can hold", () => {
  const tokens = Array.from({ length: 100 }, createOrderToken);
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) {
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(token, "base64url")).toHaveLength(16);
  }
});
