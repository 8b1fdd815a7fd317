// What is shown of an agent's request to its model server.
import { describe, expect, test } from "bun:test";
import type { ModelRequestEvidence } from "../../../../src/domain/fleet/agent-record.ts";
import { modelCell, shownModelRequest } from "../../../../src/domain/fleet/shown/shown-model-request.ts";

const at = "2026-01-01T00:00:00.000Z";
const shown = (request: Omit<ModelRequestEvidence, "server">, link: "online" | "silent" = "online") =>
  shownModelRequest({
    heartbeat: { at, interval_s: 15, model_request: { server: "gpu:8080", ...request } },
    axes: { link: { value: link, source: "heartbeat", reason: "x" } },
  });

describe("shownModelRequest()", () => {
  test.each([
    [
      { state: "waiting", since: at, place: 2, waiting: 3 },
      "waits for gpu:8080, place 2 of 3",
      "place 2 of 3",
    ],
    [{ state: "waiting", since: at }, "waits for gpu:8080", ""],
    [{ state: "working", since: at, place: 2, waiting: 3 }, "gpu:8080 works on its request", ""],
    [
      { state: "working", since: at, prompt_read: 2_048, prompt_tokens: 2_732 },
      "gpu:8080 reads its prompt, 2,048 of 2,732 tokens (74 %)",
      "",
    ],
    [{ state: "working", since: at, prompt_read: 0, prompt_tokens: 0 }, "gpu:8080 works on its request", ""],
    [
      { state: "working", since: at, prompt_read: 90, prompt_tokens: 60 },
      "gpu:8080 reads its prompt, 90 of 60 tokens (100 %)",
      "",
    ],
    [
      { state: "unqueued", since: at, why: "no connection to NATS" },
      "gpu:8080 has its request, which did not wait in the queue: no connection to NATS",
      "",
    ],
    [{ state: "cancelled", since: at }, "gpu:8080 is still busy with its cancelled request", ""],
    [{ state: "idle" }, "gpu:8080 has no request of it", ""],
  ] as const)("%p reads %p", (request, words, place) => {
    expect(shown(request)).toMatchObject({ words, place, figures: "" });
  });

  test("the figures are those of the last answer", () => {
    expect(shown({ state: "idle", tokens_per_s: 36.5, cached_share: 0.894 })?.figures).toBe(
      "36.5 tokens/s, 89 % of the prompt cached",
    );
    expect(shown({ state: "idle", tokens_per_s: 8 })?.figures).toBe("8 tokens/s");
  });

  test("nothing is known of an agent that is not connected, or has no model server", () => {
    expect(shown({ state: "working", since: at }, "silent")).toBeUndefined();
    const axes = { link: { value: "online", source: "heartbeat", reason: "x" } } as const;
    expect(shownModelRequest({ heartbeat: { at, interval_s: 15 }, axes })).toBeUndefined();
  });
});

describe("modelCell()", () => {
  const cell = (request: Omit<ModelRequestEvidence, "server">, link: "online" | "silent" = "online") =>
    modelCell(
      {
        heartbeat: { at, interval_s: 15, model_request: { server: "gpu:8080", ...request } },
        axes: { link: { value: link, source: "heartbeat", reason: "x" } },
      },
      new Date("2026-01-01T00:00:12.000Z"),
    );

  test.each([
    [{ state: "waiting", since: at, place: 2, waiting: 3, tokens_per_s: 31 }, "place 2/3, 12 s, 31 tok/s"],
    [{ state: "waiting", since: at }, "waits, 12 s"],
    [{ state: "working", since: at, prompt_read: 50, prompt_tokens: 200 }, "prompt 25 %, 12 s"],
    [{ state: "working", since: at }, "works, 12 s"],
    [{ state: "unqueued", since: at, why: "x" }, "past the queue, 12 s"],
    [{ state: "cancelled", since: at }, "cancelled, 12 s"],
    [{ state: "idle", tokens_per_s: 31 }, "31 tok/s"],
    [{ state: "idle" }, ""],
  ] as const)("%p reads %p", (request, text) => {
    expect(cell(request)).toBe(text);
  });

  test("is empty for an agent that is not connected", () => {
    expect(cell({ state: "working", since: at }, "silent")).toBe("");
  });
});
