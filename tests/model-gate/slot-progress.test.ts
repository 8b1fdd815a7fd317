// The slots are those of the real llama.cpp b11549 while it read a prompt of 1,120 tokens for `/v1/messages`, in batches of 128.
import { describe, expect, test } from "bun:test";
import { text as readText } from "node:stream/consumers";
import type { PromptProgress } from "../../src/model-gate/prompt-progress.ts";
import { isToldBySlots, watchSlotProgress } from "../../src/model-gate/slot-progress.ts";
import { type LoopbackServer, startLoopbackServer } from "../support/loopback-server.ts";
import { waitFor } from "../support/wait-for.ts";

const slot = (processed: number, decoded = 0) => ({
  ...{ id: 0, n_ctx: 2_048, speculative: false, is_processing: true, id_task: 192 },
  ...{ n_prompt_tokens: 152, n_prompt_tokens_processed: processed, n_prompt_tokens_cache: 24, params: {} },
  next_token: [{ has_next_token: true, has_new_line: false, n_remain: -1, n_decoded: decoded }],
});
const idle = { id: 1, n_ctx: 2_048, speculative: false, is_processing: false };
const body = '{"model":"x","stream":true,"messages":[]}';

/** A server that shows these slots one after the other, and the last ones again. */
async function startServer(looks: readonly object[], counted: object = { input_tokens: 1_120 }) {
  const asked: string[] = [];
  let seen = 0;
  const server = await startLoopbackServer(async (request, response) => {
    const sent = await readText(request);
    asked.push(`${request.method} ${request.url} ${sent}`.trim());
    response.writeHead(200, { "content-type": "application/json" });
    if (request.url !== "/slots") return response.end(JSON.stringify(counted));
    response.end(JSON.stringify(looks[Math.min(seen, looks.length - 1)]));
    seen += 1;
  });
  return { ...server, asked };
}

const promptOf = ({ url }: LoopbackServer) => ({
  ...{ url, target: `${url}/v1/messages?beta=true`, headers: { authorization: "Bearer k" }, body },
});

describe("watchSlotProgress()", () => {
  test("tells what the slot has read and had in its cache, of all tokens that the server counts, until the answer begins", async () => {
    const server = await startServer([[idle], [slot(0), idle], [slot(128)], [slot(128)], [slot(1_096)]]);
    await using _ = server;
    const told: PromptProgress[] = [];
    const begins = new AbortController();
    const watched = watchSlotProgress(promptOf(server), begins.signal, (each) => told.push(each));
    await waitFor(() => told.length === 3, { what: "the last progress" });
    begins.abort();
    await watched;
    expect(told).toEqual([24, 152, 1_120].map((read) => ({ read, all: 1_120 })));
    expect(server.asked.slice(0, 2)).toEqual([`POST /v1/messages/count_tokens ${body}`, "GET /slots"]);
  });

  test("tells nothing of slots that write, or where several read", async () => {
    const server = await startServer([[slot(1_096, 2)], [slot(128), slot(256)], [slot(512), slot(1_096, 5)]]);
    await using _ = server;
    const told: PromptProgress[] = [];
    const begins = new AbortController();
    const watched = watchSlotProgress(promptOf(server), begins.signal, (each) => told.push(each));
    await waitFor(() => told.length > 0, { what: "progress" });
    begins.abort();
    await watched;
    expect(told).toEqual([{ read: 536, all: 1_120 }]);
  });

  test("ends by itself with a server that does not count tokens, or does not show its slots", async () => {
    const notFound = { error: { code: 404, message: "File Not Found" } };
    const noSlots = { error: { code: 501, message: "This server does not support slots endpoint." } };
    for (const server of [await startServer([[slot(0)]], notFound), await startServer([noSlots])]) {
      await using _ = server;
      await watchSlotProgress(promptOf(server), new AbortController().signal, () => expect.unreachable());
    }
  });

  test("ends by itself where no server is", async () => {
    const gone = { url: "http://127.0.0.1:1", target: "http://127.0.0.1:1/v1/messages", headers: {}, body };
    await watchSlotProgress(gone, new AbortController().signal, () => expect.unreachable());
  });
});

test("isToldBySlots() is for the requests whose answers do not tell", () => {
  const paths = ["/v1/messages", "/v1/messages/count_tokens", "/v1/responses", "/v1/chat/completions"];
  expect(paths.filter(isToldBySlots)).toEqual(["/v1/messages"]);
});
