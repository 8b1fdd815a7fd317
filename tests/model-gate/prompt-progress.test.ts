// The events are those of the real llama.cpp b11549.
import { describe, expect, test } from "bun:test";
import { createProgressFilter, type PromptProgress } from "../../src/model-gate/prompt-progress.ts";

const delta = '"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]';
const progress = (processed: number, more = "") =>
  `data: {${delta},"object":"chat.completion.chunk","prompt_progress":{"total":2732,"cache":0,"processed":${processed},"time_ms":12572}${more}}\n\n`;
const answer = `data: {${delta}}\n\ndata: {"choices":[{"delta":{"content":"Grüße"}}]}\n\ndata: [DONE]\n\n`;

/** How `/v1/responses` tells it, and what it tells without being asked. */
const response = (type: string, more = "") =>
  `event: ${type}\ndata: {"type":"${type}","response":{"id":"resp_vf8OH9BZ","object":"response","status":"in_progress"}${more}}\n\n`;
const progressOf = (processed: number) =>
  response(
    "response.in_progress",
    `,"prompt_progress":{"total":1120,"cache":0,"processed":${processed},"time_ms":8644}`,
  );
const responseEnd = `${response("response.output_item.added")}${response("response.completed")}`;

/** What the client gets, and what was told. */
function filtered(text: string, pieceBytes = 7) {
  const told: PromptProgress[] = [];
  const filter = createProgressFilter((each) => told.push(each));
  const bytes = new TextEncoder().encode(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    out.push(...filter.push(bytes.subarray(at, at + pieceBytes)));
  out.push(...filter.rest());
  return { text: new TextDecoder().decode(new Uint8Array(out)), told };
}

describe("createProgressFilter()", () => {
  test.each([1, 7, 100_000])("takes the events out, in pieces of %i bytes", (pieceBytes) => {
    const events = progress(0) + progress(2_048) + progress(2_732);
    expect(filtered(events + answer, pieceBytes)).toEqual({
      text: answer,
      told: [0, 2_048, 2_732].map((read) => ({ read, all: 2_732 })),
    });
  });

  test.each([1, 7, 100_000])(
    "leaves a response its two first events, in pieces of %i bytes",
    (pieceBytes) => {
      const begin = response("response.created");
      const events = begin + progressOf(0) + progressOf(128) + progressOf(1_120);
      expect(filtered(events + responseEnd, pieceBytes)).toEqual({
        text: begin + response("response.in_progress") + responseEnd,
        told: [0, 128, 1_120].map((read) => ({ read, all: 1_120 })),
      });
    },
  );

  test("passes the first event of a response at once, and is over when the answer itself begins", () => {
    const filter = createProgressFilter(() => undefined);
    const push = (text: string) => new TextDecoder().decode(filter.push(new TextEncoder().encode(text)));
    expect([push(response("response.created")), filter.isOver()]).toEqual([
      response("response.created"),
      false,
    ]);
    expect([push(progressOf(0)), filter.isOver()]).toEqual([response("response.in_progress"), false]);
    expect([push(progressOf(128)), filter.isOver()]).toEqual(["", false]);
    expect([push(responseEnd), filter.isOver()]).toEqual([responseEnd, true]);
  });

  test("leaves everything after the first other event as it is", () => {
    const text = answer + progress(0) + answer;
    expect(filtered(text)).toEqual({ text, told: [] });
  });

  test.each([
    ["an error", '{"error":{"code":400,"message":"request exceeds the context"}}'],
    ["an answer that ends early", 'data: {"choices'],
    ["progress without figures", 'data: {"prompt_progress":{"processed":-1,"total":"many"}}\n\n'],
    ["another line in the event", `id: 5\n${progress(5)}`],
    [
      "a response of another server",
      response("response.created") + response("response.in_progress") + responseEnd,
    ],
    ["a long beginning", "x".repeat(20_000)],
    ["nothing", ""],
  ])("passes %s", (_, text) => {
    expect(filtered(text)).toEqual({ text, told: [] });
  });

  test("keeps nothing back of a server that ends its lines with CR and LF, as llama.cpp does not", () => {
    const filter = createProgressFilter(() => undefined);
    const first = new TextEncoder().encode(answer.replaceAll("\n", "\r\n").slice(0, 150));
    expect(filter.push(first)).toEqual(first);
  });
});
