import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutMessages, cutResult, fitConversation, tokensOf } from "../../src/loop/context-budget.ts";
import type { Message } from "../../src/loop/model/chat-messages.ts";

const step = (id: string, result: string): readonly Message[] => [
  { role: "assistant", content: "", calls: [{ id, name: "read_file", arguments: "{}" }] },
  { role: "tool", callId: id, name: "read_file", content: result },
];
const start: readonly Message[] = [
  { role: "system", content: "Work." },
  { role: "user", content: "The task.", isPrompt: true },
];
const steps = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => step(String(index), "x".repeat(length))).flat();
const budget = (tokens: number) => ({ charactersPerToken: 4, tokens });

test("fitConversation() leaves a conversation that fits as it is", () => {
  const messages = [...start, ...steps(3, 100)];
  expect(fitConversation(messages, budget(1_000))).toEqual({ messages, removed: 0, fits: true });
});

test("fitConversation() leaves out the oldest results first, and says so in their place", () => {
  const { messages, removed, fits } = fitConversation([...start, ...steps(10, 2_000)], budget(4_000));
  expect(fits).toBe(true);
  expect(removed).toBeGreaterThan(0);
  const results = messages.flatMap((message) => (message.role === "tool" ? [message.content] : []));
  expect(results).toHaveLength(10);
  expect(results[0]).toBe(cutResult);
  expect(results.at(-1)).toHaveLength(2_000);
});

test("fitConversation() then leaves out whole steps, keeps both prompts, and tells the model in the first one", () => {
  const now: Message = { role: "user", content: "The second task.", isPrompt: true };
  const messages = [...start, ...steps(30, 200), now, ...steps(4, 200)];
  const fitted = fitConversation(messages, budget(700));
  expect(fitted.fits).toBe(true);
  const words = fitted.messages.flatMap((message) => (message.role === "user" ? [message.content] : []));
  expect(words).toEqual([`The task.\n\n${cutMessages}`, "The second task."]);
});

test("fitConversation() cuts well below the limit, so that the next steps cut nothing again", () => {
  const tokens = 4_000;
  const { messages } = fitConversation([...start, ...steps(20, 2_000)], budget(tokens));
  expect(tokensOf(messages, budget(tokens))).toBeLessThan(tokens * 0.75);
});

test("fitConversation() says that it does not fit, where the last steps alone are too long", () => {
  expect(fitConversation([...start, ...steps(3, 20_000)], budget(1_000)).fits).toBe(false);
});

test("fitConversation() never leaves a result without its call, nor a call without its result", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3_000), { maxLength: 25 }),
      fc.integer({ min: 50, max: 5_000 }),
      (lengths, tokens) => {
        const all = [
          ...start,
          ...lengths.flatMap((length, index) => step(String(index), "y".repeat(length))),
        ];
        const { messages } = fitConversation(all, budget(tokens));
        const calls = messages.flatMap((each) =>
          each.role === "assistant" ? (each.calls ?? []).map(({ id }) => id) : [],
        );
        const results = messages.flatMap((each) => (each.role === "tool" ? [each.callId] : []));
        expect(results).toEqual(calls);
        expect(messages[0]).toEqual(start[0] as Message);
      },
    ),
  );
});
