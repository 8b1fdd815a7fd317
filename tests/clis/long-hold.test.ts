// The contract, its long half: a pause that lasts. All agent CLIs are paused at the same time, each in the middle of a turn, for longer than
// Qwen Code waits for a hook. With CLIAI_PAUSE_S they are paused for that many seconds, such as 3700: longer than a host holds one call.
import { expect, test } from "bun:test";
import { stays } from "../support/wait-for.ts";
import { allDrivers } from "./all-drivers.ts";
import { nameOf } from "./cli-driver.ts";
import { startDriven } from "./driven-agent.ts";
import { hasRunSecond, letGo, pauseInTurn, twoSteps, twoStepsRules } from "./paused-in-turn.ts";

const pauseS = Number(process.env.CLIAI_PAUSE_S ?? "90");
const allStartWithinS = 3_600;

/** Does one thing after the other, so that the starts of so many programs do not slow each other down. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(act: () => Promise<T>): Promise<T> => {
    const next = last.then(act);
    last = next.catch(() => undefined); // whoever waits for `next` is told
    return next;
  };
}

const inTurn = createQueue();

test.concurrent.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  `%s: the tool that a pause holds has not run after ${pauseS} s, and runs when the agent is let go`,
  async (_, driver) => {
    await using parts = new AsyncDisposableStack();
    const ada = await inTurn(async () => {
      const script = { rules: twoStepsRules(driver), fallback: { text: "Both are done." } };
      const started = parts.use(await startDriven(driver, { task: twoSteps, script }));
      await pauseInTurn(driver, started);
      return started;
    });
    await stays(() => !hasRunSecond(ada), {
      ...{ what: "the second tool is held", because: "the agent is paused" },
      ...{ forMs: pauseS * 1_000, lookEveryMs: 1_000 },
    });
    await inTurn(async () => {
      const { link, control } = (await ada.agent()).axes;
      expect([link.value, control.value]).toEqual(["online", "paused"]);
      await letGo(ada);
    });
  },
  (pauseS + allStartWithinS) * 1_000,
);
