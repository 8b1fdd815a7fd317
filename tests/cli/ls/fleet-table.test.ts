import { describe, expect, test } from "bun:test";
import { fleetTable } from "../../../src/cli/ls/fleet-table.ts";
import { ago, gone, now, view } from "../../support/listed-agents.ts";

describe("fleetTable()", () => {
  const table = (agent: ReturnType<typeof view>, color = false) =>
    fleetTable([agent], now, { isTerminal: true, columns: 120, color });

  test("has one word for each thing: when it did something last, and what waits in its queue", () => {
    expect(table(view())[0]).toMatch(/^agent +status +last +queue +cli +profile +task$/);
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
