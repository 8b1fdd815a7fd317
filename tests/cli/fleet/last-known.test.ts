// What `ls` and `show` print while no server answers: the last known state, with its age, and still the error.
import { describe, expect, test } from "bun:test";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { momentText, showFleet } from "../../../src/cli/fleet/last-known.ts";
import type { CliaiError } from "../../../src/domain/text/errors.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function show(agents: readonly object[] | undefined, args: object = {}) {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dataDir);
  const asOf = new Date(now.getTime() - 120_000);
  if (agents !== undefined) {
    await writeFile(dir.join("data", "fleet.json"), JSON.stringify({ agents }));
    await utimes(dir.join("data", "fleet.json"), asOf, asOf);
  }
  const shown: unknown[] = [];
  const context = testContext({ now: () => now });
  const error: CliaiError = await showFleet(
    { "data-dir": dataDir, ...args },
    context,
    (fleet) => fleet.all(),
    ({ records, asOf: of, now: judgedAt }) => void shown.push([[...records.keys()], of, judgedAt]),
  ).then(
    () => {
      throw new Error("it did not fail");
    },
    (thrown) => thrown,
  );
  return { shown, error, asOf, dataDir };
}

describe("showFleet()", () => {
  test("shows the last known state as of its own time, and fails all the same", async () => {
    const { shown, error, asOf, dataDir } = await show([recordOf(alive)]);
    expect(shown).toEqual([[["ada"], asOf, asOf]]);
    expect(error).toMatchObject({ code: "server_unreachable", hint: "start it: cliai serve" });
    expect(error.message).toBe(
      `no server runs on ${dataDir}: it has no serve.json; what is shown is as of ${momentText(asOf)}, 2 min ago`,
    );
  });

  test("shows nothing where nothing is known, and not another server's agents for an address that was named", async () => {
    const none = await show(undefined);
    expect([none.shown, none.error.code]).toEqual([[], "server_unreachable"]);
    expect(none.error.message).not.toContain("as of");
    const named = await show([recordOf(alive)], { url: "nats://127.0.0.1:1" });
    expect([named.shown, named.error.code]).toEqual([[], "nats_unreachable"]);
  });
});

test("momentText() is the local date and time of day, to the second", () => {
  expect(momentText(new Date(2026, 0, 2, 3, 4, 5, 678))).toBe("2026-01-02 03:04:05");
});
