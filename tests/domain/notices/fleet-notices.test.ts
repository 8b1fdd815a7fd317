import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import {
  alertNotice,
  allDoneNotice,
  doneNotice,
  needNotices,
} from "../../../src/domain/notices/fleet-notices.ts";
import { isKindWanted, NoticeSchema } from "../../../src/domain/notices/notice.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { ago, alive, now, recordOf, saidOf } from "../../support/agent-records.ts";

const view = (fields: Partial<AgentRecord> = {}) => viewAgent(recordOf({ ...alive, ...fields }), now);
const asks = (summary: string) => ({
  requests: [{ request_id: "r1", kind: "question" as const, asked_at: ago(9), summary }],
});

describe("needNotices()", () => {
  test("says who needs what, what it works on, and where the answer is given", () => {
    const [notice] = needNotices(
      view({ ...asks("Which colour?"), current_task: "paint it", task_at: ago(99), project_path: "/src/x" }),
    );
    expect(notice).toEqual({
      ...{ notice_id: "ada_question_r1", kind: "needs_you", at: ago(9), agent_id: "ada" },
      ...{ need: "question", request_id: "r1", title: "ada asks", text: "Which colour?" },
      ...{ task: "paint it", project: "/src/x", path: "/agents/ada#request-r1" },
    });
    expect(v.safeParse(NoticeSchema, notice).success).toBe(true);
  });

  test("an agent that has died is an error, with an id that a restart of serve does not change", () => {
    const crashed = { said: saidOf("crashed", 40, { message: "SIGKILL" }), ...{ session: undefined } };
    const { session: _, ...record } = crashed;
    const ids = [now, new Date(now.getTime() + 60_000)].map((at) =>
      needNotices(viewAgent(recordOf({ ...alive, ...record, current_task: "x" }), at)).map(
        ({ notice_id, kind }) => `${kind} ${notice_id}`,
      ),
    );
    expect(ids[0]).toEqual(ids[1] as string[]);
    for (const id of ids[0] ?? []) expect(id).toStartWith("error ada_");
  });

  test("a limit that does not end by itself is a kind of its own, of which also those are told who are told of all that needs a person", () => {
    const turn_error = { error: "usage_limit" as const, detail: "429", at: ago(9) };
    const session = {
      ...{ started_at: ago(900), last_event_at: ago(9), tools: [], generation: 1, seq: 1, session_id: "s1" },
      ...{ turn: { since: ago(60), ended_at: ago(9) }, turn_error },
    };
    const [notice] = needNotices(view({ session }));
    expect(notice).toMatchObject({ kind: "limit", need: "limit", title: "ada is at a limit" });
    expect(isKindWanted(["limit"], "limit")).toBe(true);
    expect(isKindWanted(["needs_you"], "limit")).toBe(true);
    expect(isKindWanted(["limit"], "needs_you")).toBe(false);
    expect(isKindWanted(["stuck", "error"], "limit")).toBe(false);
  });

  test("what an agent wrote is one line, with no character that a terminal obeys", () => {
    const [notice] = needNotices(view(asks("\u001b[2Jall\u202e clear?\nno")));
    expect(notice?.text).toBe("\ufffd[2Jall\ufffd clear?");
  });

  test("an agent that needs nobody has none", () => {
    expect(needNotices(view())).toEqual([]);
  });
});

test("doneNotice() names the task, and how the end is known if there is none", () => {
  expect(doneNotice(view(), "its turn ended")).toMatchObject({
    title: "ada is done",
    text: "its turn ended",
  });
  const worked = view({ current_task: "paint it", task_at: ago(99) });
  expect(doneNotice(worked, "its turn ended")).toMatchObject({ kind: "done", text: "paint it" });
});

test("allDoneNotice() counts the agents that it does not name, and follows from the last one that was done", () => {
  const last = doneNotice(view(), "");
  const ids = Array.from({ length: 7 }, (_, n) => parseAgentId(`a${n}`));
  const { notice_id, text, path } = allDoneNotice(last, ids);
  expect(text).toBe("a0, a1, a2, a3, a4 and 2 more");
  expect(notice_id).toBe(`all_done_${last.notice_id}`);
  expect(path).toBe("/");
  expect(allDoneNotice(last, ids.slice(0, 5)).text).toBe("a0, a1, a2, a3, a4");
});

test("alertNotice() makes a notice of the kind budget of an alert about one, of which also those are told who are told of all needs", () => {
  const alert = {
    ...{ alert_id: "x-2", kind: "budget_near", severity: "warning" as const, about: "b-1" },
    ...{ message: "the budget of the fleet, $9.00 a day", first_seen: ago(5), last_seen: ago(5), count: 1 },
  };
  expect(alertNotice(alert)).toMatchObject({
    ...{ kind: "budget", alert: "budget_near", title: "A budget is nearly used up", path: "/costs" },
  });
  expect(isKindWanted(["needs_you"], "budget")).toBe(true);
  expect(isKindWanted(["alert", "error"], "budget")).toBe(false);
});

test("alertNotice() has the words of the system page, and the alert's id", () => {
  const alert = {
    ...{ alert_id: "x-1", kind: "silent", severity: "warning" as const, agent_id: "ada" },
    ...{ message: "ada: no heartbeat", first_seen: ago(5), last_seen: ago(5), count: 1 },
  };
  expect(alertNotice(alert)).toMatchObject({
    ...{ notice_id: "alert_x-1", kind: "alert", alert: "silent", severity: "warning", agent_id: "ada" },
    ...{ title: "An agent is silent", text: "ada: no heartbeat", path: "/system", at: ago(5) },
  });
});
