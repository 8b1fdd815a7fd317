import { describe, expect, test } from "bun:test";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import { needLast, type Sorting, sortAgents } from "../../../../src/domain/fleet/shown/sort-agents.ts";

interface Some {
  readonly activity?: string;
  readonly link?: string;
  /** Since when it needs a person. */
  readonly needsAt?: string;
  readonly heard?: string;
  readonly cost?: number;
}

function view(agent_id: string, { activity = "idle", link = "online", needsAt, heard, cost }: Some = {}) {
  const needs = needsAt === undefined ? [] : [{ kind: "question", since: needsAt }];
  const axes = { activity: { value: activity }, link: { value: link }, control: { value: "running" } };
  return { agent_id, axes, needs, last_seen: heard, usage: { estimated_cost: cost } } as unknown as AgentView;
}

const fleet = [
  view("ada", { heard: "3", cost: 1 }),
  view("bob", { needsAt: "2", heard: "1" }),
  view("cleo", { activity: "working", heard: "2", cost: 2 }),
  view("dora", { needsAt: "1" }),
  view("eve", { link: "offline" }),
  view("abe", { activity: "working" }),
];
const idsOf = (views: readonly AgentView[]) => views.map(({ agent_id }) => agent_id as string).join(" ");

describe("sortAgents()", () => {
  test.each<[Sorting, string]>([
    ["need", "dora bob abe cleo ada eve"],
    ["name", "abe ada bob cleo dora eve"],
    ["heard", "ada cleo bob abe dora eve"],
    ["cost", "cleo ada abe bob dora eve"],
  ])("by %s", (by, ids) => {
    expect(idsOf(sortAgents(fleet, by))).toBe(ids);
  });
});

test("needLast() ends with the agent that has waited longest for a person", () => {
  expect(idsOf(needLast(fleet))).toBe("eve ada abe cleo bob dora");
});
