import { expect, test } from "bun:test";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import { countSections, countsText, sectionOf } from "../../../../src/domain/fleet/shown/sections.ts";

const view = (activity: string, { link = "online", control = "running", needs = [] as string[] } = {}) =>
  ({
    axes: { activity: { value: activity }, link: { value: link }, control: { value: control } },
    needs: needs.map((kind) => ({ kind })),
    status: control === "stop_requested" ? "stopping" : activity,
  }) as unknown as AgentView;

const fleet = [
  view("working"),
  view("retrying"),
  view("starting"),
  view("working", { control: "paused" }),
  view("idle"),
  view("working", { link: "silent" }),
  view("idle", { link: "silent", control: "paused" }),
  view("idle", { needs: ["question"], link: "offline" }),
  view("working", { needs: ["permission"], control: "paused" }),
];

test("sectionOf() puts who needs a person first, then who is away, then who is paused", () => {
  expect(fleet.map(sectionOf)).toEqual([
    ...(["working", "working", "working", "paused", "idle", "away", "away"] as const),
    ...(["needs-you", "needs-you"] as const),
  ]);
});

test("countsText() leaves out what is none, except who needs a person", () => {
  expect(countsText(countSections(fleet))).toBe(
    "2 need you · 2 working · 1 starting · 1 paused · 1 idle · 2 away",
  );
  expect(countsText(countSections([view("idle")]))).toBe("0 need you · 1 idle");
  expect(countsText(countSections([]))).toBe("no agents yet");
});

test("countsText() counts as working nobody who starts or stops", () => {
  const stopping = { control: "stop_requested" };
  const between = [view("starting"), view("working", stopping), view("idle", stopping)];
  expect(between.map(sectionOf)).toEqual(["working", "working", "idle"]);
  expect(countsText(countSections(between))).toBe("0 need you · 1 starting · 2 stopping");
});

test("countsText() counts needs, and says how many agents have them, and how many of these are stuck", () => {
  const two = view("working", { needs: ["question", "permission"] });
  const stuck = [view("idle", { needs: ["stuck"] }), view("idle", { needs: ["limit"] })];
  expect(countsText(countSections([two]))).toBe("2 need you (1 agent)");
  expect(countsText(countSections(stuck))).toBe("2 need you (2 stuck)");
  expect(countsText(countSections([two, ...stuck, view("idle", { needs: ["died"] })]))).toBe(
    "5 need you (4 agents, 2 stuck)",
  );
});
