import { describe, expect, test } from "bun:test";
import type { Presence } from "../../../src/agent-link/heartbeat.ts";
import { createBeginning } from "../../../src/host/hear/beginning.ts";
import { silentLogger } from "../../../src/log.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

function setUp(mayAsk: string | undefined) {
  let presence: Presence = { status: "starting", current_task: "" };
  const heartbeat = {
    presence: () => presence,
    update: (changes: Partial<Presence>) => {
      presence = { ...presence, ...changes };
    },
  };
  let prompts = 0;
  const onPrompt = () => void prompts++;
  const beginning = createBeginning({ heartbeat, mayAsk, onPrompt, beginsWithinMs: 20, log: silentLogger });
  return { beginning, waits: () => presence.waits_at_terminal, prompts: () => prompts };
}
const longer = { because: "the time in which it should begin is over", forMs: 60 };

describe("createBeginning()", () => {
  test("says what a CLI may ask that has not begun in time, until it begins", async () => {
    const { beginning, waits } = setUp("it may ask");
    beginning.launched();
    expect(waits()).toBeUndefined();
    await waitFor(() => waits() === "it may ask", { what: "it is told" });
    beginning.begun();
    expect(waits()).toBe("");
  });

  test("waits for a CLI that has drawn nothing yet, or its prompt: it asks nothing", async () => {
    const { beginning, waits, prompts } = setUp("it may ask");
    let shown: "blank" | "prompt" | "other" = "blank";
    beginning.launched();
    beginning.look(() => Promise.resolve(shown));
    await stays(() => waits() === undefined, { what: "nothing is told", ...longer });
    expect(prompts()).toBe(0);
    shown = "prompt";
    await waitFor(() => prompts() > 0, { what: "the prompt is seen" });
    expect(waits()).toBeUndefined();
    shown = "other";
    await waitFor(() => waits() === "it may ask", { what: "it is told" });
    beginning.stop();
  });

  test("without a screen that can be read, the time alone decides", async () => {
    const { beginning, waits } = setUp("it may ask");
    beginning.launched();
    beginning.look(() => Promise.reject(new Error("the terminal does not answer")));
    await waitFor(() => waits() === "it may ask", { what: "it is told" });
    beginning.stop();
  });

  test.each<[string, string | undefined, "begun" | "stop" | undefined]>([
    ["that has begun in time", "it may ask", "begun"],
    ["that has ended", "it may ask", "stop"],
    ["without a terminal", undefined, undefined],
  ])("says nothing of a CLI %s", async (_, mayAsk, then) => {
    const { beginning, waits } = setUp(mayAsk);
    beginning.launched();
    if (then !== undefined) beginning[then]();
    await stays(() => waits() === undefined, { what: "nothing is told", ...longer });
  });
});
