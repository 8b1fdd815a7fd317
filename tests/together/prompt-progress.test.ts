// What the gate shows of a request while the real llama.cpp reads its prompt, in each of the APIs that agent CLIs use.
import { expect, test } from "bun:test";
import { directFetch } from "../../src/direct-fetch.ts";
import { startGate } from "../support/gate-fixture.ts";
import { startLlamaServer } from "../support/llama-server.ts";
import { startTestServer } from "../support/test-server.ts";
import { patienceMs } from "../support/wait-for.ts";

/** Each prompt is another one, so that none is in the cache. */
const words = (count: number, seed: string) =>
  Array.from({ length: count }, (_, n) => `${seed}${n}`).join(" ");

test("how far the real llama.cpp has read a prompt is shown, and the client sees none of it", async () => {
  await using run = await startTestServer();
  await using llama = await startLlamaServer({ batch: 64 });
  await using ada = await startGate("ada", { natsUrl: run.nats.url, url: llama.url });
  const ask = async (path: string, body: object) => {
    const first = ada.states.length;
    const response = await directFetch(`${ada.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", stream: true, ...body }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return { text: await response.text(), states: ada.states.slice(first) };
  };
  const messages = (count: number, seed: string) => [{ role: "user", content: words(count, seed) }];
  const answers = {
    chat: await ask("/v1/chat/completions", { max_tokens: 2, messages: messages(60, "a") }),
    responses: await ask("/v1/responses", { max_output_tokens: 2, input: words(60, "b") }),
    // Its progress is looked for each second.
    messages: await ask("/v1/messages?beta=true", { max_tokens: 2, messages: messages(200, "c") }),
  };
  for (const [api, { text, states }] of Object.entries(answers)) {
    expect([api, text.includes("prompt_progress")]).toEqual([api, false]);
    const shown = states.filter(({ prompt_tokens }) => prompt_tokens !== undefined);
    const inside = shown.filter(({ prompt_read = 0, prompt_tokens = 0 }) => prompt_read < prompt_tokens);
    expect([api, inside.length > 0]).toEqual([api, true]);
    // Once the answer has begun, the prompt is no news any more.
    expect([api, states.at(-1)?.state, states.at(-1)?.prompt_read]).toEqual([api, "idle", undefined]);
    expect([api, states.at(-2)?.state, states.at(-2)?.prompt_read]).toEqual([api, "working", undefined]);
  }
  expect(answers.chat.text).toEndWith("data: [DONE]\n\n");
  expect(answers.messages.text).toContain("event: message_stop");
  const events = [...answers.responses.text.matchAll(/^event: (.+)$/gm)].map(([, name]) => name);
  expect(events.slice(0, 2)).toEqual(["response.created", "response.in_progress"]);
  expect(events.filter((name) => name === "response.in_progress")).toHaveLength(1);
  expect(events.at(-1)).toBe("response.completed");
});
