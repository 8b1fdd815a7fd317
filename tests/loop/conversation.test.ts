import { expect, test } from "bun:test";
import { createConversation } from "../../src/loop/conversation.ts";
import type { Message } from "../../src/loop/model/chat-messages.ts";
import type { ModelFacts } from "../../src/loop/model/model-facts.ts";
import { TooLong } from "../../src/loop/model/model-failure.ts";

const facts = (changes: Partial<ModelFacts> = {}): ModelFacts => ({
  ...{ kind: "llama.cpp", model: "tiny", context: 4_096, calls: "native" },
  ...changes,
});
const usage = (promptTokens: number) => ({ promptTokens, answerTokens: 1, cachedTokens: 0 });

function start(added = "") {
  const kept: Message[] = [];
  const options = { project: "/work", added, earlier: [], onAdd: (message: Message) => kept.push(message) };
  const conversation = createConversation(options);
  const say = (content: string) => conversation.add({ role: "user", content, isPrompt: true });
  const step = (id: string, content: string) => {
    conversation.add({ role: "assistant", content: "", calls: [{ id, name: "t", arguments: "{}" }] });
    conversation.add({ role: "tool", callId: id, name: "t", content });
  };
  return { conversation, kept, say, step };
}

test("buildRequest() begins with the instructions, which name the folder, the role's words, and in forced calls the tools", () => {
  const { conversation, say } = start("You are the captain.");
  say("Go.");
  const [native] = conversation.buildRequest([], facts()).messages;
  expect(native).toMatchObject({
    role: "system",
    content: expect.stringMatching(/\/work[\s\S]*You are the captain\./),
  });
  const tool = { name: "search", description: "Find.", parameters: { type: "object" } };
  const [schema] = conversation.buildRequest([tool], facts({ calls: "schema" })).messages;
  expect(schema?.content).toContain("- search(): Find.");
});

test("buildRequest() keeps room for the answer: a quarter of the context, and no more than 4,096 tokens", () => {
  const { conversation, say } = start();
  say("Go.");
  const answerTokens = (context: number | undefined) =>
    conversation.buildRequest([], facts({ context })).answerTokens;
  expect([2_048, 4_096, 100_000, undefined].map(answerTokens)).toEqual([512, 1_024, 4_096, 4_096]);
});

test("buildRequest() leaves out old results once the server's count says that they do not fit; what is kept on the disk stays whole", () => {
  const { conversation, kept, say, step } = start();
  say("Go.");
  for (let index = 0; index < 6; index += 1) step(String(index), "x".repeat(1_500));
  expect(conversation.buildRequest([], facts()).removed).toBe(0);
  conversation.measure(usage(6_000), facts());
  const { removed, messages } = conversation.buildRequest([], facts());
  expect(removed).toBeGreaterThan(0);
  expect(messages.at(-1)).toMatchObject({ role: "tool", content: "x".repeat(1_500) });
  expect(conversation.buildRequest([], facts()).removed).toBe(0);
  expect(kept.filter(({ content }) => content.length === 1_500)).toHaveLength(6);
});

test("buildRequest() cuts nothing before the server has counted; once measured, it says so in words", () => {
  const { conversation, say } = start();
  say("x".repeat(11_000));
  conversation.buildRequest([], facts());
  conversation.measure(usage(3_900), facts());
  expect(() => conversation.buildRequest([], facts())).toThrow(
    expect.objectContaining({
      code: "config_invalid",
      message: expect.stringMatching(/context of 4096 tokens is too small: .* need about \d+/),
      hint: expect.stringContaining("--ctx-size"),
    }),
  );
});

test("shorten() learns from llama.cpp's figures, so that the next request fits", () => {
  const { conversation, say, step } = start();
  say("Go.");
  for (let index = 0; index < 8; index += 1) step(String(index), "x".repeat(1_000));
  conversation.buildRequest([], facts());
  conversation.shorten(new TooLong("too long", { tokens: 8_000, limit: 4_096 }));
  const { messages, removed } = conversation.buildRequest([], facts());
  expect(removed).toBeGreaterThan(0);
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  expect(characters).toBeLessThan(4_500); // of about 9,000, which were 8,000 tokens
});

test("shorten() without figures makes each request shorter than the last", () => {
  const { conversation, say, step } = start();
  say("Go.");
  for (let index = 0; index < 20; index += 1) step(String(index), "x".repeat(1_000));
  const size = () =>
    conversation
      .buildRequest([], facts({ context: undefined }))
      .messages.reduce((sum, { content }) => sum + content.length, 0);
  const sizes = [size()];
  for (let tries = 0; tries < 3; tries += 1) {
    conversation.shorten(new TooLong("too long", {}));
    sizes.push(size());
  }
  expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
  expect(new Set(sizes).size).toBeGreaterThan(2);
});

test("measure() takes a prompt that fills Ollama's whole context for one that was cut without a word", () => {
  const { conversation, say } = start();
  say("Go.");
  conversation.buildRequest([], facts({ kind: "ollama", context: undefined }));
  expect(() => conversation.measure(usage(4_096), facts({ kind: "ollama" }))).toThrow(TooLong);
  expect(() => conversation.measure(usage(4_095), facts({ kind: "ollama" }))).not.toThrow();
  expect(() => conversation.measure(usage(4_096), facts())).not.toThrow();
});

test("measure() takes an answer that has pushed a part of the prompt out of Ollama's context for none, with the figures", () => {
  const { conversation, say } = start();
  say("Go.");
  conversation.buildRequest([], facts({ kind: "ollama", context: undefined }));
  const shifted = { promptTokens: 4_000, answerTokens: 97, cachedTokens: 0 };
  const thrown = () => conversation.measure(shifted, facts({ kind: "ollama" }));
  expect(thrown).toThrow(expect.objectContaining({ name: "TooLong", tokens: 4_000, limit: 4_096 }));
  expect(() =>
    conversation.measure({ ...shifted, answerTokens: 96 }, facts({ kind: "ollama" })),
  ).not.toThrow();
  expect(() => conversation.measure(shifted, facts())).not.toThrow();
});
