import { expect, test } from "bun:test";
import type { ModelRequest } from "../../src/domain/wire/model-request.ts";
import { createRequestBoard } from "../../src/model-gate/request-board.ts";

test("createRequestBoard() shows what the server works on before what waits, and each state since when it is so", () => {
  const told: ModelRequest[] = [];
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  const board = createRequestBoard({ server: "gpu:1", now, onChange: (request) => told.push(request) });
  const one = board.open();
  one.set({ state: "waiting" });
  second = 1;
  one.set({ state: "waiting", place: 2, waiting: 3 });
  one.set({ state: "waiting", place: 2, waiting: 3 });
  one.set({ state: "working" });
  second = 2;
  const two = board.open();
  two.set({ state: "waiting", place: 1, waiting: 1 });
  one.close({ tokensPerS: 12.345, cachedShare: 0.666 });
  two.close();
  const figures = { tokens_per_s: 12.3, cached_share: 0.67 };
  expect(told).toEqual([
    { server: "gpu:1", state: "waiting", since: at(0) },
    { server: "gpu:1", state: "waiting", since: at(0), place: 2, waiting: 3 },
    { server: "gpu:1", state: "working", since: at(1) },
    { server: "gpu:1", state: "waiting", since: at(2), place: 1, waiting: 1, ...figures },
    { server: "gpu:1", state: "idle", ...figures },
  ]);
});
