// Our code on a real Ollama with a real small model. Not in the gate, because Ollama takes a quarter of an hour to build: bun run ollama
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { checkModelServers } from "../../src/cli/doctor/model-servers.ts";
import { createModelClient, usualPatience } from "../../src/loop/model/model-client.ts";
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
/** Reading a prompt may take minutes on a busy machine without a GPU. */
const longMs = 500_000;
let ollama: OllamaServer;
beforeAll(async () => {
  ollama = await startOllama({ context });
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

/** With room for the loop's own instructions and tools, and for short answers. It is not loaded yet. */
const smallContext = 1_024;
async function smallModel() {
  const name = `small-${crypto.randomUUID()}`;
  await ollama.create(name, [`PARAMETER num_ctx ${smallContext}`]);
  return settings({ model: name });
}

test("readModelFacts() knows Ollama, its only model and that the model has no tools; and its context once it is loaded", async () => {
  await unload();
  const facts = { kind: "ollama", model: `${model}:latest`, calls: "schema" };
  expect(await readModelFacts(settings(), later())).toMatchObject({ ...facts, context: undefined });
  expect(await readLoadedContext(settings(), model, later())).toBeUndefined();
  await loadIntoOllama(settings({ keep_alive: "30m" }), model, later());
  expect(await readLoadedContext(settings(), model, later())).toBe(context);
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
  await expect(readModelFacts(settings({ calls: "native" }), later())).rejects.toMatchObject({
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
  const on = (cli: string) => ({ cli, model_server: { url: ollama.url } });
  await writeFile(
    dir.join("data/profiles.json"),
    JSON.stringify({ mine: on("local"), theirs: on("claude") }),
  );
  const checks = await checkModelServers(dir.join("data"), testContext({ cwd: dir.path }));
  const [mine, theirs] = checks;
  expect(mine?.message).toMatch(
    new RegExp(
      `\\(profile mine\\): ollama, ${model}:latest, ${context} tokens of context, .*calls by schema, .*its first word came after \\d+\\.\\d s, then [1-9]\\d* tokens/s$`,
    ),
  );
  expect([theirs?.ok, theirs?.message]).toEqual([false, expect.stringContaining("has no tools")]);
});

test("the loop takes a turn by forced calls, and learns the context from the loaded model", async () => {
  await using loop = await startTestLoop({ server: await smallModel(), maxSteps: 2 });
  await writeFile(loop.dir.join("b.txt"), "beta\n");
  const session = await loop.client.open(loop.dir.path);
  const end = await loop.client.prompt(session, "List the files.");
  expect(["end_turn", "max_turn_requests"]).toContain(end.stopReason);
  expect(loop.client.calls().length + loop.client.said().length).toBeGreaterThan(0);
  const used = loop.client.updates.filter((update) => update.sessionUpdate === "usage_update");
  expect(used.at(-1)).toMatchObject({ size: smallContext });
  expect(used.at(-1)?.used).toBeGreaterThan(100);
});

test("a prompt that Ollama cuts without a word is noticed: its count of the prompt's tokens is the limit", async () => {
  const server = await smallModel();
  const client = createModelClient(server, { ...usualPatience, silentMs: longMs });
  const request = {
    messages: [{ role: "user", content: words(800) }] as const,
    ...{ tools: [], answerTokens: 4 },
  };
  const unheard = { onWait() {}, onText() {}, onThought() {} };
  const answer = await client.ask(request, AbortSignal.timeout(longMs), unheard);
  expect(answer.usage?.promptTokens).toBe(smallContext);
  // What fits nowhere is an error in words, and no answer to the half that Ollama has read.
  await using loop = await startTestLoop({ server, maxSteps: 2 });
  const session = await loop.client.open(loop.dir.path);
  await expect(loop.client.prompt(session, words(800))).rejects.toThrow(
    /the model's context of 1024 tokens is too small: .* need about \d+\nhint: .*OLLAMA_CONTEXT_LENGTH/,
  );
});
