// Our code on a real Ollama with a real small model. Not in the gate, because Ollama takes a quarter of an hour to build: bun run ollama
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { checkModelServers } from "../../src/cli/doctor/model-servers.ts";
import type { Message } from "../../src/loop/model/chat-messages.ts";
import type { ModelRequest } from "../../src/loop/model/chat-request.ts";
import { createModelClient, type ModelClient, usualPatience } from "../../src/loop/model/model-client.ts";
import { loadIntoOllama, readLoadedContext, readModelFacts } from "../../src/loop/model/model-facts.ts";
import { readQueueFacts } from "../../src/model-gate/queue-facts.ts";
import { testContext } from "../support/cli-context.ts";
import { startGate } from "../support/gate-fixture.ts";
import { startTestLoop } from "../support/loop-fixture.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTestServer } from "../support/test-server.ts";
import { patienceMs } from "../support/wait-for.ts";
import { model, type OllamaServer, startOllama } from "./ollama-server.ts";

/** What Ollama itself takes on a machine without a GPU, and the least that `local` needs. */
const context = 4_096;
/** With room for the loop's own instructions and tools, and for short answers. */
const loopContext = 1_024;
/** Soon read, for what a client alone is enough. */
const tinyContext = 256;
/** Longer than every deadline of `inTime()`, which shows Ollama's log. */
const longMs = 500_000;
let ollama: OllamaServer;
beforeAll(async () => {
  ollama = await startOllama({ context });
  await ollama.create("for-loop", [`PARAMETER num_ctx ${loopContext}`]);
  await ollama.create("tiny", [`PARAMETER num_ctx ${tinyContext}`]);
}, 600_000);
afterAll(async () => {
  await ollama?.[Symbol.asyncDispose]();
}, 60_000);

const later = () => AbortSignal.timeout(patienceMs);
const settings = (more: object = {}) => ({ url: ollama.url, ...more });
const words = (count: number) => Array.from({ length: count }, (_, n) => `word${n}`).join(" ");
const unload = async () => {
  const body = JSON.stringify({ model, keep_alive: 0, stream: false });
  await fetch(`${ollama.url}/api/generate`, { method: "POST", body });
};

/** A client that has seconds for what it asks of the server, and minutes for an answer. */
const clientOf = (name: string) => createModelClient(settings({ model: name }), usualPatience);
const unheard = { onWait() {}, onText() {}, onThought() {} };
const ask = (client: ModelClient, messages: readonly Message[], more: Partial<ModelRequest> = {}) => {
  const request = { messages, tools: [], answerTokens: 4, ...more };
  return ollama.inTime("an answer", client.ask(request, AbortSignal.timeout(longMs), unheard));
};
const says = (content: string) => ({ role: "user", content }) as const;
/** A tool that the model can call in one way only. */
const forced = (text: string) => ({
  ...{ name: "write", description: "Write." },
  parameters: { type: "object", properties: { text: { const: text } }, required: ["text"] },
});

test("readModelFacts() knows Ollama, and that the model has no tools; and its context once it is loaded", async () => {
  await unload();
  const facts = { kind: "ollama", model: `${model}:latest`, calls: "schema" };
  expect(await readModelFacts(settings({ model }), later())).toMatchObject({ ...facts, context: undefined });
  expect(await readLoadedContext(settings(), model, { signal: later(), isInUse: false })).toBeUndefined();
  await loadIntoOllama(settings({ keep_alive: "30m" }), model, AbortSignal.timeout(longMs));
  expect(await readLoadedContext(settings(), model, { signal: later(), isInUse: false })).toBe(context);
  expect(await readModelFacts(settings({ model }), later())).toMatchObject({ ...facts, context });
  const { models } = (await (await fetch(`${ollama.url}/api/ps`)).json()) as {
    models: { expires_at: string }[];
  };
  expect(Date.parse(models[0]?.expires_at ?? "") - Date.now()).toBeGreaterThan(20 * 60_000);
});

test("readModelFacts() names the model that is missing, and what the server has", async () => {
  await expect(readModelFacts(settings({ model: "smoll" }), later())).rejects.toMatchObject({
    code: "config_invalid",
    message: `the model server at ${ollama.url} has no model "smoll"`,
    hint: expect.stringContaining(`${model}:latest`),
  });
  await expect(readModelFacts(settings({ model, calls: "native" }), later())).rejects.toMatchObject({
    hint: expect.stringContaining("--calls schema"),
  });
});

test("the gate takes Ollama for a server with one slot, and reads its figures", async () => {
  expect(await readQueueFacts({ url: ollama.url, kind: undefined, slots: undefined }, {})).toEqual({
    ...{ kind: "ollama", slots: 1 },
  });
  await using run = await startTestServer();
  await using ada = await startGate("ada", { natsUrl: run.nats.url, url: ollama.url });
  const body = {
    ...{ model, stream: true, stream_options: { include_usage: true }, max_tokens: 12 },
    messages: [{ role: "user", content: "Count to ten." }],
  };
  expect(await ada.ask({ body })).toEndWith("data: [DONE]\n\n");
  expect(ada.states.map(({ state }) => state)).toEqual(["waiting", "working", "idle"]);
  expect(ada.states.at(-1)?.tokens_per_s).toBeGreaterThan(0);
});

test("doctor tells Ollama's kind, model, context and speed, and that the context is too small for another CLI", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("data"));
  const on = (cli: string) => ({ cli, model_server: { url: ollama.url, model } });
  await writeFile(
    dir.join("data/profiles.json"),
    JSON.stringify({ mine: on("local"), theirs: on("claude") }),
  );
  const checks = await checkModelServers(dir.join("data"), [], testContext({ cwd: dir.path }));
  const [mine, theirs] = checks;
  expect(mine?.message).toMatch(
    new RegExp(
      `\\(profile mine\\): ollama, ${model}:latest, ${context} tokens of context, .*calls by schema, .*its first word came after \\d+\\.\\d s, then [1-9]\\d* tokens/s$`,
    ),
  );
  expect([theirs?.ok, theirs?.message]).toEqual([false, expect.stringContaining("has no tools")]);
});

test("a prompt that is too long is refused, with the context; Ollama's other API cuts it and answers the rest", async () => {
  const long = words(tinyContext);
  const refused = ask(clientOf("tiny"), [says(long)]);
  await expect(refused).rejects.toMatchObject({ name: "TooLong", limit: tinyContext });
  const agrees = { role: "assistant", content: "I will." } as const;
  const messages = [says("The key is 4711."), agrees, says(words(60)), agrees, says(words(60))];
  await expect(ask(clientOf("tiny"), messages)).rejects.toMatchObject({
    name: "TooLong",
    limit: tinyContext,
  });
  // The reason for /api/chat: this answer comes without the first messages, and its count is below the context.
  const body = { model: "tiny", max_tokens: 2, messages };
  const cut = await fetch(`${ollama.url}/v1/chat/completions`, {
    ...{ method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(longMs) },
  });
  const { usage } = (await cut.json()) as { usage: { prompt_tokens: number } };
  expect([cut.status, usage.prompt_tokens < tinyContext]).toEqual([200, true]);
});

test("an answer that fills the context pushes out a part of the prompt: the counts show it", async () => {
  const answer = await ask(clientOf("tiny"), [says(words(60))], {
    ...{ tools: [forced("abcdefghij".repeat(20))], answerTokens: 150 },
  });
  const { promptTokens = 0, answerTokens = 0 } = answer.usage ?? {};
  expect(promptTokens).toBeLessThan(tinyContext);
  expect(promptTokens + answerTokens).toBeGreaterThan(tinyContext);
});

test("a model's second name: Ollama lists the first one only, and the context is found all the same", async () => {
  await ollama.create("twin", [`PARAMETER num_ctx ${tinyContext}`]);
  await ask(clientOf("tiny"), [says("Hello.")]);
  const twin = clientOf("twin");
  await ask(twin, [says("Hello.")]);
  const { models } = (await (await fetch(`${ollama.url}/api/ps`)).json()) as { models: { name: string }[] };
  expect(models.map(({ name }) => name)).toEqual(["tiny:latest"]);
  expect((await twin.facts(later(), unheard.onWait)).context).toBe(tinyContext);
});

test("an answer in which one token comes 31 times ends without an end, and counts as cut off", async () => {
  const answer = await ask(clientOf("tiny"), [says("Write.")], {
    ...{ tools: [forced("0".repeat(100))], answerTokens: 200 },
  });
  expect(answer).toMatchObject({ calls: [], isCutOff: true, usage: undefined });
  expect(answer.text).toContain("0".repeat(25));
});

test("a call is forced although the tool's schema has a pattern, which Ollama refuses", async () => {
  const text = { type: "string", pattern: "\\S", maxLength: 7_000_000 };
  const parameters = { type: "object", properties: { text }, required: ["text"] };
  const tools = [{ name: "say", description: "Say.", parameters }];
  const answer = await ask(clientOf("tiny"), [says("Say hello.")], { tools, answerTokens: 12 });
  expect(answer.text).toStartWith("{");
  expect(answer.isCutOff).toBe(true);
});

test("a cancelled answer holds up no later one", async () => {
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const request = { messages: [says("Count to a thousand.")], tools: [], answerTokens: 200 };
  const asked = clientOf("tiny").ask(request, abort.signal, { ...unheard, onText: () => begun.resolve() });
  await ollama.inTime("a first word", Promise.race([begun.promise, asked]));
  abort.abort(new Error("stopped"));
  await expect(asked).rejects.toThrow("stopped");
  expect((await ask(clientOf("tiny"), [says("Hello.")])).usage?.promptTokens).toBeGreaterThan(5);
});

test("the loop takes a turn by forced calls, and learns the context from the loaded model", async () => {
  const server = settings({ model: "for-loop" });
  // Nobody knows which commands a model of this size invents.
  await using loop = await startTestLoop({ server, maxSteps: 2, answer: () => "refused", silentMs: longMs });
  await writeFile(loop.dir.join("b.txt"), "beta\n");
  const session = await loop.client.open(loop.dir.path);
  const end = await ollama.inTime("a turn", loop.client.prompt(session, "List the files."));
  expect(["end_turn", "max_tokens", "max_turn_requests"]).toContain(end.stopReason);
  expect(loop.client.calls().length + loop.client.said().length).toBeGreaterThan(0);
  const used = loop.client.updates.filter((update) => update.sessionUpdate === "usage_update");
  expect(used.at(-1)).toMatchObject({ size: loopContext });
  expect(used.at(-1)?.used).toBeGreaterThan(100);
});

test("the loop says in words what fits nowhere, and does not answer a part of it", async () => {
  await using loop = await startTestLoop({ server: settings({ model: "for-loop" }), maxSteps: 2 });
  const session = await loop.client.open(loop.dir.path);
  const prompted = ollama.inTime("a turn", loop.client.prompt(session, words(800)));
  await expect(prompted).rejects.toThrow(
    /the model's context of 1024 tokens is too small: .* need about \d+\nhint: .*OLLAMA_CONTEXT_LENGTH/,
  );
  expect(loop.client.said()).toBe("");
});
