import { expect, test } from "bun:test";
import { mostReadingTries, requireCaughtUp } from "../../../src/server/fleet/caught-up.ts";
import { ada } from "../../support/agents.ts";

/** A projector that could read all at the given try; undefined for never. */
function readsAt(success: number | undefined) {
  let tries = 0;
  return {
    tries: () => tries,
    catchUp: async () => {
      tries += 1;
      return tries === success ? 42 : undefined;
    },
  };
}

test.each([1, 3, mostReadingTries])(
  "requireCaughtUp() tries again until all is read: at try %d",
  async (at) => {
    const projector = readsAt(at);
    expect(await requireCaughtUp(projector, ada)).toBe(42);
    expect(projector.tries()).toBe(at);
  },
);

test("requireCaughtUp() gives up, and says of which agent nothing is certain", async () => {
  const projector = readsAt(undefined);
  await expect(requireCaughtUp(projector, ada)).rejects.toMatchObject({
    ...{ code: "no_answer", message: expect.stringContaining("ada") },
  });
  expect(projector.tries()).toBe(mostReadingTries);
});
