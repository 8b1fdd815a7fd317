import { expect, test } from "bun:test";
import { startModelServer } from "./model-server.ts";

const tools = [{ name: "Bash" }];
const ask = (url: string, content: string, more: object = { tools }) =>
  fetch(`${url}/v1/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content }], ...more }),
  });

test("rules come before turns, turns before the fallback, and a side request uses up none of them", async () => {
  await using model = await startModelServer({
    rules: [{ match: /special/, once: true, turn: { text: "by rule" } }],
    turns: [{ text: "first" }, ({ newText }) => ({ text: `second to ${newText}` })],
    fallback: { text: "no more" },
  });
  const answers: unknown[] = [];
  for (const prompt of ["special", "special", "b", "c"]) {
    expect(await (await ask(model.url, "a title, please", {})).json()).toMatchObject({
      content: [{ text: "side" }],
    });
    answers.push(await (await ask(model.url, prompt)).json());
  }
  expect(answers).toMatchObject(
    ["by rule", "first", "second to b", "no more"].map((text) => ({ content: [{ text }] })),
  );
  model.setScript({ turns: [{ text: "anew" }] });
  expect(await (await ask(model.url, "d")).json()).toMatchObject({ content: [{ text: "anew" }] });
});

test("an error turn answers with its status, and an unreadable request with 400", async () => {
  await using model = await startModelServer({
    turns: [{ error: { status: 529, type: "overloaded_error", message: "busy" } }],
  });
  const busy = await ask(model.url, "x");
  expect(busy.status).toBe(529);
  expect(await busy.json()).toMatchObject({ error: { type: "overloaded_error", message: "busy" } });
  expect((await fetch(`${model.url}/v1/messages`, { method: "POST", body: "{}" })).status).toBe(400);
});

test("a delayed answer does not hold up the server's end, and waitForRequest() says what there was instead", async () => {
  let answer: Promise<unknown> = Promise.resolve();
  {
    await using model = await startModelServer({ fallback: { delayMs: 60_000, text: "late" } });
    answer = ask(model.url, "the prompt").catch((error: unknown) => error);
    await model.waitForRequest(({ newText }) => newText === "the prompt", { what: "the prompt" });
    const other = model.waitForRequest(() => false, { what: "another prompt", deadlineMs: 50 });
    await expect(other).rejects.toThrow(/another prompt[\s\S]*the prompt/);
  }
  expect(await answer).toBeInstanceOf(Error);
});
