import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  clearPlacements,
  launchPlacementOf,
  type Placement,
  placeAgent,
  placedOn,
  placeForLaunch,
  placementOf,
} from "../../../src/credentials/nodes/placements.ts";
import { keysDirOf } from "../../../src/data-dir/data-dir.ts";
import { ada, bob } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";

const now = new Date("2026-05-03T12:00:00.000Z");
const until = new Date("2026-05-03T12:10:00.000Z");
const late = new Date("2026-05-03T12:10:00.001Z");
const on = (node: string, agent_id = ada): Placement => ({
  ...{ agent_id, node, role: "agent", placed_at: now.toISOString() },
});
const fail = (problem: Error) => {
  throw problem;
};

describe("placeForLaunch()", () => {
  test("leaves the agent where it belongs, and places it only for as long as the launch may take", async () => {
    await using dir = await tempDir();
    await placeForLaunch(dir.path, on("b"), until);
    expect(placementOf(dir.path, ada)).toBeUndefined();
    await placeAgent(dir.path, on("a"));
    await placeForLaunch(dir.path, on("b"), until);
    await placeForLaunch(dir.path, on("c"), until);
    expect(placementOf(dir.path, ada)).toEqual(on("a"));
    expect(launchPlacementOf(dir.path, ada, until)).toEqual(on("c"));
    expect(launchPlacementOf(dir.path, ada, late)).toBeUndefined();
    expect(["a", "b", "c"].map((node) => placedOn(dir.path, node, fail))).toEqual([[ada], [], []]);
  });
});

describe("clearPlacements()", () => {
  test("takes agents and launches from a node, and leaves both on the others", async () => {
    await using dir = await tempDir();
    await placeAgent(dir.path, on("a"));
    await placeForLaunch(dir.path, on("b"), until);
    await placeForLaunch(dir.path, on("b", bob), until);
    await clearPlacements(dir.path, "b", fail);
    expect([placementOf(dir.path, ada), launchPlacementOf(dir.path, ada, now)]).toEqual([on("a"), undefined]);
    expect(launchPlacementOf(dir.path, bob, now)).toBeUndefined();
    await placeForLaunch(dir.path, on("b"), until);
    await clearPlacements(dir.path, "a", fail);
    expect([placementOf(dir.path, ada), launchPlacementOf(dir.path, ada, now)]).toEqual([undefined, on("b")]);
  });
});

test("placedOn() skips a damaged file, and names it", async () => {
  await using dir = await tempDir();
  await placeAgent(dir.path, on("a", bob));
  await writeFile(join(keysDirOf(dir.path), "placed", `${ada}.json`), "{");
  const problems: string[] = [];
  expect(placedOn(dir.path, "a", ({ message }) => problems.push(message))).toEqual([bob]);
  expect(problems).toEqual([expect.stringContaining("ada.json")]);
});
