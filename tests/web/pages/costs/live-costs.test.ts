// What changes on an open costs page: figures in place, and no row moves.
import { expect, test } from "bun:test";
import type { SessionSpending } from "../../../../src/domain/spending/session-spending.ts";
import type { Server } from "../../../../src/server/server.ts";
import { createCostsParts } from "../../../../src/web/pages/costs/live-costs.tsx";

const now = () => new Date("2026-11-29T12:00:00Z");
const quarter = Math.floor(now().getTime() / 900_000);

function sessionOf(agent_id: string, cost: number): SessionSpending {
  const at = now().toISOString();
  const times = { first_at: at, last_at: at, told: {}, audit_seq: 1, is_own: false };
  return { agent_id, session: agent_id, ...times, quarters: [{ at: quarter, tokens: 10, cost }] };
}

/** The parts of an open page over sessions that the test changes. */
function pageOf(...first: SessionSpending[]) {
  const state = { sessions: first };
  const server = {
    spending: { sessions: () => state.sessions, isComplete: () => true },
    fleet: { get: () => undefined },
    budgets: { list: () => [] },
  } as unknown as Server;
  const report = { asked: () => undefined, zone: "UTC" };
  const parts = createCostsParts({ server, doctor: undefined, report, newest: 0, now });
  return { state, parts: () => new Map(parts().map(({ id, part }) => [id, String(part)])) };
}

const namesIn = (html = "") => [...html.matchAll(/<th scope="row">(\w+)</g)].map(([, name]) => name);

test("the groups keep their order while the page is open; a new one comes at the end", () => {
  const page = pageOf(sessionOf("ada", 3), sessionOf("bob", 2));
  expect(namesIn(page.parts().get("costs-groups"))).toEqual(["ada", "bob"]);

  page.state.sessions = [sessionOf("ada", 3), sessionOf("bob", 20)];
  const rows = page.parts();
  expect([...rows.keys()]).toEqual([
    ...["costs-budgets", "costs-tiles", "costs-burn", "costs-days", "costs-hours"],
    ...["spent-ada", "spent-bob"],
  ]);
  expect(rows.get("spent-bob")).toContain("$20.00");
  expect(rows.get("costs-tiles")).toContain("$23.00");

  page.state.sessions = [...page.state.sessions, sessionOf("cleo", 50)];
  expect(namesIn(page.parts().get("costs-groups"))).toEqual(["ada", "bob", "cleo"]);
});

test("a page without figures gets all of them when the first are told", () => {
  const page = pageOf();
  expect([...page.parts().keys()]).toEqual(["costs-budgets"]);
  page.state.sessions = [sessionOf("ada", 3)];
  const whole = page.parts();
  expect([...whole.keys()]).toEqual(["costs"]);
  expect(whole.get("costs")).toContain('id="costs-tiles"');
});
