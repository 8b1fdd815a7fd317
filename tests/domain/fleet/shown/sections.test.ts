import { expect, test } from "bun:test";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import { countSections, countsText, sectionOf } from "../../../../src/domain/fleet/shown/sections.ts";

const view = (activity: string, { link = "online", control = "running", attention = "none" } = {}) =>
  ({
    axes: {
      ...{ activity: { value: activity }, link: { value: link } },
      ...{ control: { value: control }, attention: { value: attention } },
    },
  }) as unknown as AgentView;

const fleet = [
  view("working"),
  view("retrying"),
  view("starting"),
  view("working", { control: "paused" }),
  view("idle"),
  view("working", { link: "silent" }),
  view("idle", { attention: "question", link: "offline" }),
];

test("sectionOf() puts who needs a person first, then who is away", () => {
  expect(fleet.map(sectionOf)).toEqual([
    ...(["working", "working", "working", "idle", "idle", "away", "needs-you"] as const),
  ]);
});

test("countsText() leaves out what is none, except who needs a person", () => {
  expect(countsText(countSections(fleet))).toBe("1 needs you · 3 working · 2 idle · 1 away");
  expect(countsText(countSections([view("idle")]))).toBe("0 need you · 1 idle");
  expect(countsText(countSections([]))).toBe("no agents yet");
});
