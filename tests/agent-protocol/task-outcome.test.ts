import { expect, test } from "bun:test";
import { type FollowedTask, untilTaskIsOver } from "../../src/agent-protocol/task-outcome.ts";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../src/domain/receipts.ts";
import { orderOf } from "../support/agent-records.ts";
import { ada } from "../support/agents.ts";

type OnChange = Parameters<FollowedTask["fleet"]["onChange"]>[0];

test("untilTaskIsOver() rejects when the record of the agent has dropped the task, but not before it has it", async () => {
  let commands: readonly CommandRecord[] = [];
  const listeners = new Set<OnChange>();
  const states: string[] = [];
  const over = untilTaskIsOver({
    ...{ id: ada, commandId: "task", signal: new AbortController().signal },
    onReceipt: ({ state }) => states.push(state),
    fleet: {
      get: () => ({ agent_id: ada, commands }) as unknown as AgentView,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const become = (next: readonly CommandRecord[]) => {
    commands = next;
    for (const listener of listeners) listener({ ids: [ada] } as unknown as Parameters<OnChange>[0]);
  };
  become([]);
  become([orderOf("task", { state: "delivered", at: "2026-01-01T00:00:00Z" })]);
  become([orderOf("pause")]);
  await expect(over).rejects.toThrow("ada does not know the task any more");
  expect(states).toEqual(["delivered"]);
  expect(listeners.size).toBe(0);
});
