import { describe, expect, test } from "bun:test";
import { fleetTable, isListed, isSelected, resumeLines, type Selection } from "../../../src/cli/fleet/ls.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const now = new Date("2026-01-01T05:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();
const view = (more: Partial<AgentRecord> = {}) =>
  viewAgent(
    {
      agent_id: parseAgentId("ada"),
      config_name: "demo",
      first_seen: ago(9_000),
      last_seen: ago(5),
      commands: [],
      audit_seq: 0,
      commands_seq: 0,
      heartbeat: { at: ago(5), interval_s: 15 },
      ...more,
    },
    now,
  );
const gone = (s: number, more: Partial<AgentRecord> = {}) =>
  view({ last_seen: ago(s), heartbeat: { at: ago(s), interval_s: 15 }, ...more });

describe("isListed()", () => {
  test("lists the living, and those that went within the last hour", () => {
    expect([view(), gone(3_599), gone(3_601)].map((each) => isListed(each, now))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("lists one that went long ago and still waits for a person", () => {
    const requests = [{ request_id: "r", kind: "question" as const, asked_at: ago(7_000), summary: "red?" }];
    expect(isListed(gone(7_000, { requests }), now)).toBe(true);
  });

  test("counts one that was never heard of from when it was announced", () => {
    const { last_seen: _, heartbeat: __, ...never } = view();
    const announced = (s: number) => viewAgent({ ...never, first_seen: ago(s) } as AgentRecord, now);
    expect([announced(60), announced(3_601)].map((each) => isListed(each, now))).toEqual([true, false]);
  });
});

describe("resumeLines()", () => {
  const lost = (id: string, more: Partial<AgentRecord["heartbeat"]> = {}, status = "crashed") =>
    gone(60, {
      agent_id: parseAgentId(id),
      heartbeat: { at: ago(60), interval_s: 15, ...more },
      said: { status, source: "status", since: ago(60), at: ago(60) },
    });
  const launched = { agent_cli: "claude" };

  test("names `cliai resume` for those that cliai launched, and for the others what helps instead", () => {
    expect(resumeLines([lost("ada", launched), lost("bob", launched), lost("jo"), lost("kim")])).toEqual([
      "go on: cliai resume ada bob",
      "not launched by cliai: jo, kim; start its own program again, such as the MCP client that runs cliai bridge",
    ]);
    expect(resumeLines([view(), lost("ada", launched, "ended"), lost("jo", {}, "stopped")])).toEqual([]);
  });
});

describe("isSelected()", () => {
  const all: Selection = {
    ...{ ids: [], isAll: false, isQuiet: false },
    ...{ status: undefined, profile: undefined, project: undefined },
  };
  const ada = view({ project_path: "/work/shop" });

  test.each<[Partial<Selection>, boolean]>([
    [{}, true],
    [{ ids: ["bob", "ada"] }, true],
    [{ ids: ["bob"] }, false],
    [{ status: "connected" }, true],
    [{ status: "idle" }, false],
    [{ profile: "demo", project: "/work/shop" }, true],
    [{ profile: "demo", project: "/work" }, false],
    [{ profile: "coder", project: "/work/shop" }, false],
  ])("of %j is %p", (some, isOne) => {
    expect(isSelected(ada, { ...all, ...some })).toBe(isOne);
  });
});

describe("fleetTable()", () => {
  const table = (agent: ReturnType<typeof view>, color = false) =>
    fleetTable([agent], now, { isTerminal: true, columns: 120, color });

  test("has one word for each thing: when it was heard of, and what waits in its queue", () => {
    expect(table(view())[0]).toMatch(/^agent +status +heard +queue +cli +profile +task$/);
  });

  test("names the agent CLI", () => {
    const heartbeat = { at: ago(5), interval_s: 15, agent_cli: "codex" };
    expect(table(view({ heartbeat }))[1]).toMatch(/ codex +demo +no task yet$/);
    expect(table(view())[1]).toMatch(/ unknown +demo +no task yet$/);
  });

  test("shows a stale task dimmed, with its age, and never a blank one", () => {
    const task = { current_task: "digging", task_at: ago(200) };
    expect(table(view(task))[1]).toEndWith("  digging");
    const old = gone(120, task);
    expect(table(old)[1]).toEndWith("  digging (3 min ago)");
    expect(table(old, true)[1]).toContain("\u001b[2mdigging (3 min ago)\u001b[22m");
    expect(table(view())[1]).toEndWith("  no task yet");
  });

  test("shows the place of an agent that waits for its model server, which is never cut", () => {
    const model_request = { server: "gpu:1", state: "waiting", since: ago(9), place: 2, waiting: 3 } as const;
    const heartbeat = { at: ago(5), interval_s: 15, model_request };
    const waits = view({ current_task: "digging a long way through the garden", heartbeat });
    expect(table(waits)[1]).toEndWith("  digging a long way through the garden (place 2 of 3 for its model)");
    const narrow = fleetTable([waits], now, { isTerminal: true, columns: 90, color: false })[1];
    expect(narrow).toMatch(/ digging .*… \(place 2 of 3 for its model\)$/);
    expect(table(view({ heartbeat }))[1]).toEndWith("  no task yet (place 2 of 3 for its model)");
  });

  test("cuts a long task to the line, and the age of a stale one never", () => {
    const task = { current_task: "digging a long way through the garden", task_at: ago(200) };
    const line = (agent: ReturnType<typeof view>, columns: number) =>
      fleetTable([agent], now, { isTerminal: true, columns, color: false })[1] ?? "";
    const old = gone(120, task);
    const whole = line(old, 200);
    expect(whole).toEndWith("  digging a long way through the garden (3 min ago)");
    const shorter = line(old, whole.length - 10);
    expect(shorter).toEndWith("  digging a long way through… (3 min ago)");
    expect(shorter).toHaveLength(whole.length - 10);
    expect(line(view(task), 70)).toEndWith("…");
  });
});
