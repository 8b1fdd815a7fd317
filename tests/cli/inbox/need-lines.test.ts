// How a need that is no request is shown in the terminal, with what it holds up and the command that ends it.
import { describe, expect, test } from "bun:test";
import { blockedText, needLines } from "../../../src/cli/inbox/need-lines.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { foldNeeds, listNeeds } from "../../../src/domain/fleet/needs/fleet-needs.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../support/agent-records.ts";

const session = {
  ...{ started_at: ago(900), last_event_at: ago(300), tools: [], generation: 1, seq: 1 },
  turn: { since: ago(600) },
};
const died = { heartbeat: beatOf(240), said: saidOf("crashed", 240, { message: "SIGKILL" }), session };
const view = (id: string, fields: Partial<AgentRecord>) =>
  viewAgent(recordOf({ agent_id: parseAgentId(id), ...fields }), now);
const lines = (...views: ReturnType<typeof view>[]) =>
  foldNeeds(listNeeds(views)).flatMap((group) => needLines(group, views, { color: false, now: () => now }));

describe("needLines()", () => {
  test("says of one that died how, what it holds up, and how it comes back", () => {
    const commands = [orderOf("task", { state: "stored", at: ago(50) })];
    expect(lines(view("bob", { ...died, commands }))).toEqual([
      "bob  died  4 min ago",
      "  while working: SIGKILL",
      "  holds up 1 order, which it will receive when it is back",
      "  cliai resume bob",
      "  or give it up: cliai agents remove bob",
    ]);
  });

  test("names all agents that need somebody for one cause, and the remedy once", () => {
    const turn_error = { error: "authentication", detail: "401", remedy: "log in: x", at: ago(200) } as const;
    const failed = {
      ...alive,
      session: { ...session, turn: { since: ago(600), ended_at: ago(200) }, turn_error },
    };
    expect(lines(view("ada", failed), view("bob", failed))).toEqual([
      "2 agents  stuck: authentication failed  3 min ago",
      "  ada, bob",
      "  log in: x",
      '  when it is mended: cliai send task ada "go on", and to bob',
    ]);
  });

  test("leads to the terminal of one that waits there, if cliai hosts it", () => {
    const beat = beatOf(5, { waits_at_terminal: "it asks" });
    const waits = (heartbeat: typeof beat) => lines(view("ada", { ...alive, heartbeat })).at(-1);
    expect(waits({ ...beat, session_mode: "terminal" })).toBe(
      "  answer it at its own terminal: cliai attach ada",
    );
    expect(waits(beat)).toBe("  answer it at its own terminal");
  });

  test("writes nothing that the terminal would obey", () => {
    const said = saidOf("error", 5, { message: "\u001b[2J" });
    expect(lines(view("ada", { ...alive, said })).join("\n")).not.toContain("\u001b");
  });
});

test("blockedText() is empty if nothing waits, and says who waits and who was asked as well", () => {
  expect(blockedText({ orders: 0, agents: [], captains: [] }, true)).toBe("");
  const [bob, cap] = [parseAgentId("bob"), parseAgentId("cap")];
  expect(blockedText({ orders: 2, agents: [bob], captains: [cap] }, false)).toBe(
    "holds up 2 orders; bob waits for it; asked as well: cap",
  );
});
