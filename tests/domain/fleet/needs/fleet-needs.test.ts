import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { countNeeds, foldNeeds, listNeeds } from "../../../../src/domain/fleet/needs/fleet-needs.ts";
import { captainNoticeId } from "../../../../src/domain/requests.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { ago, alive, now, orderOf, recordOf } from "../../../support/agent-records.ts";

const view = (id: string, fields: Partial<AgentRecord> = {}) =>
  viewAgent(recordOf({ agent_id: parseAgentId(id), ...alive, ...fields }), now);
const asks = (request_id: string, s: number) => ({
  ...({ request_id, kind: "question", asked_at: ago(s), summary: `${request_id}?` } as const),
});
const failed = (error: "authentication" | "other", s: number, remedy = "log in: claude") => ({
  session: {
    ...{ started_at: ago(300), last_event_at: ago(s), tools: [], generation: 1, seq: 1 },
    turn: { since: ago(200), ended_at: ago(s) },
    turn_error: { error, detail: "401", remedy, at: ago(s) },
  },
});

describe("listNeeds()", () => {
  test("has every need of every agent, the one that has waited longest first", () => {
    const views = [
      view("ada", { requests: [asks("a1", 50), asks("a2", 10)] }),
      view("bob", failed("other", 30)),
      view("cleo"),
    ];
    const needs = listNeeds(views);
    expect(needs.map(({ agent_id, since }) => `${agent_id} ${since}`)).toEqual([
      ...[`ada ${ago(50)}`, `bob ${ago(30)}`, `ada ${ago(10)}`],
    ]);
    expect(countNeeds(views)).toBe(needs.length);
  });

  test("says what each blocks: the task, the queue, the agents that wait, and the captains that were asked", () => {
    const from = (id: string, order = orderOf("task", { state: "seen", at: ago(9) })) => ({
      ...order,
      from: id,
    });
    const ada = view("ada", {
      ...{ requests: [asks("r1", 50)], current_task: "sort the mail", task_at: ago(40) },
      commands: [
        from("bob"),
        from("bob", orderOf("message", { state: "stored", at: ago(9) })),
        from("cleo", orderOf("task", { state: "seen", at: ago(9) }, { state: "applied", at: ago(8) })),
        from("mia"),
      ],
    });
    const told = { ...orderOf("message"), command_id: captainNoticeId("r1", parseAgentId("cap")) };
    const cap = view("cap", { role: "captain", commands: [told] });
    const other = view("other", { role: "captain" });
    expect(listNeeds([ada, view("bob"), view("cleo"), cap, other])[0]?.blocks).toEqual({
      task: "sort the mail",
      orders: 1,
      agents: [parseAgentId("bob")],
      captains: [parseAgentId("cap")],
    });
    expect(listNeeds([view("ada", { requests: [asks("r1", 5)] })])[0]?.blocks).toEqual({
      ...{ orders: 0, agents: [], captains: [] },
    });
  });
});

describe("foldNeeds()", () => {
  test("folds what several agents need for one cause, where the oldest of them stands", () => {
    const groups = foldNeeds(
      listNeeds([
        view("ada", failed("authentication", 90)),
        view("bob", { requests: [asks("b1", 60)] }),
        view("cleo", failed("authentication", 30)),
      ]),
    );
    expect(groups.map(({ needs }) => needs.map(({ agent_id }) => agent_id).join(" ") as string)).toEqual([
      ...["ada cleo", "bob"],
    ]);
    expect(groups[0]).toMatchObject({
      ...{ kind: "stuck", cause: "authentication failed", hint: "log in: claude" },
    });
  });

  test("folds neither requests, nor what only looks alike, nor what another remedy mends", () => {
    const ids = (...views: Parameters<typeof listNeeds>[0]) => foldNeeds(listNeeds(views)).length;
    expect(ids(view("ada", { requests: [asks("a1", 9), asks("a2", 9)] }))).toBe(2);
    expect(ids(view("ada", failed("other", 9)), view("bob", failed("other", 9)))).toBe(2);
    expect(
      ids(view("ada", failed("authentication", 9)), view("bob", failed("authentication", 9, "codex login"))),
    ).toBe(2);
  });
});
