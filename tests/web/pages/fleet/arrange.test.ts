import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { arrange, mostInGroup } from "../../../../src/web/pages/fleet/arrange.ts";
import { parseFleetQuery } from "../../../../src/web/pages/fleet/fleet-query.ts";
import { ago, view } from "../../../support/listed-agents.ts";

const agent = (id: string, more: Partial<AgentRecord> = {}) => view({ agent_id: parseAgentId(id), ...more });
const asks = (s: number): Partial<AgentRecord> => ({
  requests: [{ request_id: `r${s}`, kind: "question", asked_at: ago(s), summary: "red?" }],
});
const cost = (estimated_cost: number): Partial<AgentRecord> => ({
  usage: { at: ago(1), estimated_cost } as NonNullable<AgentRecord["usage"]>,
});
const query = (search: string) => {
  const params = new URLSearchParams(search);
  return parseFleetQuery((name) => params.get(name) ?? undefined);
};
const shownBy = (views: readonly ReturnType<typeof view>[], search: string) =>
  arrange(views, query(search)).groups.map(({ title, shown }) =>
    [title, ...shown.map(({ agent_id }) => agent_id)].join(" "),
  );

describe("arrange()", () => {
  test("by state: who has waited longest comes first, and empty sections are there, too", () => {
    const views = [agent("a", asks(10)), agent("b", asks(99)), agent("c"), agent("d")];
    expect(shownBy(views, "")).toEqual(["Needs you b a", "Working", "Paused", "Idle c d", "Away"]);
  });

  test("by a column: figures as figures, both ways, and equal ones by id", () => {
    const views = [agent("a", cost(9)), agent("b", cost(10)), agent("c"), agent("d", cost(9))];
    expect(shownBy(views, "?sort=-cost")[3]).toBe("Idle b a d c");
    expect(shownBy(views, "?sort=cost")[3]).toBe("Idle c a d b");
  });

  test("by project, profile, tags and machine", () => {
    const views = [
      agent("a", { project_path: "/w/shop", host: "m1", profile_tags: ["x", "y"] }),
      agent("b", { project_path: "/w/shop", host: "m2" }),
      agent("c"),
    ];
    expect(shownBy(views, "?group=project")).toEqual(["/w/shop a b", "Project unknown c"]);
    expect(shownBy(views, "?group=profile")).toEqual(["demo a b c"]);
    expect(shownBy(views, "?group=tag")).toEqual(["No tag b c", "x, y a"]);
    expect(shownBy(views, "?group=machine")).toEqual(["Machine unknown c", "m1 a", "m2 b"]);
  });

  test("a filter hides agents and counts them; a long group is cut, unless all is asked for", () => {
    const views = Array.from({ length: mostInGroup + 36 }, (_, i) => agent(`a${1000 + i}`));
    const { groups, hidden } = arrange(views, query("?q=-a1000"));
    expect(hidden).toBe(1);
    const idle = groups.find(({ id }) => id === "idle");
    expect([idle?.count, idle?.shown.length]).toEqual([mostInGroup + 35, mostInGroup]);
    expect(arrange(views, query("?all=1")).groups[3]?.shown).toHaveLength(mostInGroup + 36);
  });
});
