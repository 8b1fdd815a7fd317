import { expect, test } from "bun:test";
import type { ModelRequest } from "../../src/domain/wire/model-request.ts";
import { createRequestBoard } from "../../src/model-gate/request-board.ts";

test("createRequestBoard() shows what the server works on before what waits, and each state since when it is so", () => {
  const told: ModelRequest[] = [];
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  const board = createRequestBoard({ server: "gpu:1", now, onChange: (request) => told.push(request) });
  const one = board.open({ model: "tiny", slots: 1 });
  one.set({ state: "waiting" });
  second = 1;
  one.set({ state: "waiting", place: 2, waiting: 3 });
  one.set({ state: "waiting", place: 2, waiting: 3 });
  one.set({ state: "working" });
  second = 2;
  const two = board.open({ model: "tiny", slots: 1 });
  two.set({ state: "waiting", place: 1, waiting: 1 });
  one.close({ tokensPerS: 12.345, cachedShare: 0.666 });
  two.close();
  const figures = { tokens_per_s: 12.3, cached_share: 0.67 };
  const both = { server: "gpu:1", model: "tiny", slots: 1 };
  expect(told).toEqual([
    { ...both, state: "waiting", since: at(0) },
    { ...both, state: "waiting", since: at(0), place: 2, waiting: 3 },
    { ...both, state: "working", since: at(1) },
    { ...both, state: "working", since: at(1), running: 1, queued: 1 },
    { ...both, state: "waiting", since: at(2), place: 1, waiting: 1, ...figures },
    { ...both, state: "idle", ...figures },
  ]);
});

test("createRequestBoard() shows what a request needs to be known by, if that is known", () => {
  const told: ModelRequest[] = [];
  const onChange = (request: ModelRequest) => void told.push(request);
  const board = createRequestBoard({ server: "gpu:1", now: () => new Date(0), onChange });
  const since = new Date(0).toISOString();
  board.open({ model: undefined, slots: undefined }).set({ state: "working" });
  expect(told.at(-1)).toEqual({ server: "gpu:1", state: "working", since });
  const long = board.open({ model: "m".repeat(5_000), slots: 2 });
  long.set({ state: "working", prompt_read: 10, prompt_tokens: 90 });
  expect(told.at(-1)).toMatchObject({ slots: 2, running: 2, queued: 0, prompt_read: 10, prompt_tokens: 90 });
  // A longer one would make the heartbeat invalid.
  expect(told.at(-1)?.model?.length).toBeLessThan(1_000);
});
