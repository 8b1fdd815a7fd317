import { expect, test } from "bun:test";
import { brokenOffAfterLooks, createTurnWatch } from "../../../src/host/hear/turn-watch.ts";
import { silentLogger } from "../../../src/log.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

type Shown = "running" | "none" | "other";

/** @param show what the screen shows at each look, counted from 0; at the first it shows a turn */
function setUp(show: (look: number) => Shown) {
  const seen = { looks: 0, ends: 0, endedAtLook: 0, isTurnOpen: true };
  const watch = createTurnWatch({
    turn: { isOpen: () => seen.isTurnOpen },
    onBrokenOff: () => {
      seen.ends += 1;
      seen.endedAtLook = seen.looks;
      seen.isTurnOpen = false;
    },
    log: silentLogger,
    everyMs: 2,
  });
  watch.start(async () => {
    seen.looks += 1;
    return show(seen.looks - 1);
  });
  const after = async (looks: number) => {
    await waitFor(() => seen.looks >= looks, { what: `${looks} looks`, saw: () => seen });
  };
  return { seen, watch, after };
}

test("a turn that the screen does not show any more is broken off after some looks, once", async () => {
  const { seen, watch } = setUp((look) => (look < 3 ? "running" : "none"));
  await waitFor(() => seen.ends === 1, { what: "it is broken off" });
  expect(seen.looks).toBe(3 + brokenOffAfterLooks);
  await stays(() => seen.ends === 1, { what: "it is told once", because: "no turn is open", forMs: 60 });
  watch.stop();
});

test.each(["running", "other"] as const)(
  "looks that show nothing of a turn end none if one in between shows %s",
  async (between) => {
    const { seen, watch, after } = setUp((look) =>
      look === 0 ? "running" : look % brokenOffAfterLooks === 0 ? between : "none",
    );
    await after(6 * brokenOffAfterLooks);
    watch.stop();
    expect(seen.ends).toBe(0);
  },
);

test("a screen that has never shown that a turn runs says nothing by not showing it", async () => {
  const { seen, watch, after } = setUp(() => "none");
  await after(4 * brokenOffAfterLooks);
  watch.stop();
  expect(seen.ends).toBe(0);
});

test("what the screen showed before a hook does not count", async () => {
  const hooksUntil = 6 * brokenOffAfterLooks;
  const { seen, watch } = setUp((look) => {
    if (look < hooksUntil && look % (brokenOffAfterLooks - 1) === 0) watch.noteHook();
    return look === 0 ? "running" : "none";
  });
  await waitFor(() => seen.ends === 1, { what: "it is broken off" });
  watch.stop();
  expect(seen.endedAtLook).toBeGreaterThanOrEqual(hooksUntil);
});
