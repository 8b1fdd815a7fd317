import { describe, expect, test } from "bun:test";
import { isListed, isSelected, type Selection } from "../../../src/cli/ls/selection.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { parseFilter } from "../../../src/domain/fleet/shown/agent-filter.ts";
import { ago, gone, now, view } from "../../support/listed-agents.ts";

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

describe("isSelected()", () => {
  const all: Selection = {
    ...{ ids: [], isAll: false, isQuiet: false },
    ...{ status: undefined, profile: undefined, project: undefined },
    ...{ filter: [], needsYou: false, sort: undefined },
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
    [{ filter: parseFilter("DEMO shop") }, true],
    [{ filter: parseFilter("demo digging") }, false],
    [{ needsYou: true }, false],
  ])("of %j is %p", (some, isOne) => {
    expect(isSelected(ada, { ...all, ...some })).toBe(isOne);
  });
});
