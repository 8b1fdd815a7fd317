import { describe, expect, test } from "bun:test";
import { readQueueFacts } from "../../src/model-gate/queue-facts.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";

/** A server that answers these paths, and 404 as vLLM does otherwise. */
const serverOf = (answers: Readonly<Record<string, object>>) =>
  startLoopbackServer((request, response) => {
    const found = answers[request.url ?? ""];
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { detail: "Not Found" }));
  });
const props = { default_generation_settings: { n_ctx: 4_096 }, total_slots: 4 };

describe("readQueueFacts()", () => {
  test.each([
    ["llama.cpp tells its slots", { "/props": props }, {}, { kind: "llama.cpp", slots: 4 }],
    ["a setting counts more", { "/props": props }, { slots: 2 }, { kind: "llama.cpp", slots: 2 }],
    [
      "Ollama has one unless it is set up otherwise",
      { "/api/version": { version: "0.17.4" } },
      {},
      { kind: "ollama", slots: 1 },
    ],
    ["others do not tell", { "/v1/models": { data: [] } }, {}, { kind: "openai", slots: undefined }],
    ["others have as many as is set", {}, { slots: 8 }, { kind: "openai", slots: 8 }],
    [
      "a kind that is set is not asked for",
      { "/props": props },
      { kind: "ollama" as const },
      { kind: "ollama", slots: 1 },
    ],
  ])("%s", async (_what, answers, settings, facts) => {
    await using server = await serverOf(answers);
    const given = { url: server.url, kind: undefined, slots: undefined, ...settings };
    expect(await readQueueFacts(given, {})).toEqual(facts as never);
  });

  test("nothing is known of a server that does not answer", async () => {
    expect(
      await readQueueFacts({ url: "http://127.0.0.1:1", kind: undefined, slots: 3 }, {}),
    ).toBeUndefined();
  });

  test("nothing is known of a llama.cpp that still loads its model", async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(503, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ error: { message: "Loading model", type: "unavailable_error", code: 503 } }),
      );
    });
    expect(await readQueueFacts({ url: server.url, kind: undefined, slots: undefined }, {})).toBeUndefined();
  });
});
