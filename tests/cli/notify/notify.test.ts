import { expect, test } from "bun:test";
import { toldLines } from "../../../src/cli/notify/notify.ts";
import type { Told } from "../../../src/notify/open-notices.ts";

const now = () => new Date("2026-01-01T01:00:00.000Z");
const lines = (fields: Partial<Told>) =>
  toldLines(
    {
      ...{ name: "ops", type: "target", to: "hooks.example.org", on: ["error", "stuck"], waiting: 0 },
      ...{ last_at: null, error: null, error_at: null, dropped: 0 },
      ...fields,
    },
    { color: false, now },
  ).split("\n");

test("toldLines() says who is told of what, and what became of it", () => {
  expect(lines({})).toEqual(["ops  hooks.example.org  error, stuck", "  not told yet"]);
  const failing = { waiting: 3, dropped: 1, error: "answered 500", error_at: "2026-01-01T00:59:30.000Z" };
  expect(lines({ ...failing, last_at: "2026-01-01T00:58:00.000Z" })).toEqual([
    "ops  hooks.example.org  error, stuck",
    "  told 2 min ago; 3 waiting; 1 dropped",
    "  fails: answered 500 (30 s ago)",
  ]);
  expect(lines({ name: "ring", type: "hook", to: "paplay" })[0]).toBe("ring  hook paplay  error, stuck");
  expect(lines({ type: "wrong", error: "no\u001b[2J" })).toEqual(["ops  not used: no\ufffd[2J"]);
});
