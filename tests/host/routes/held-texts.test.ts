import { expect, test } from "bun:test";
import { holdingTexts } from "../../../src/host/routes/held-texts.ts";
import { streamInto } from "../../support/hosted-session.ts";

test.each([
  ["only the tools that ask, and its agent is paused", true, "eve", "paused"],
  ["only the tools that ask, and its agent is not paused", true, undefined, "queued"],
  ["every tool, and its agent is paused", false, "eve", "queued"],
])("holdingTexts() of a session that holds %s", async (_which, holdsOnlyAsked, by, said) => {
  const told: string[] = [];
  const stream = holdingTexts({ ...streamInto(told), holdsOnlyAsked }, { pausedBy: () => by });
  expect(await stream.say("do it")).toBe(said as "paused");
  expect(told).toEqual(said === "paused" ? [] : ["do it"]);
});
