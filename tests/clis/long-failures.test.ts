// The contract, its long half: a model's server that refuses the key, has reached a limit, is overloaded, or finds the conversation too long.
import { expect, test } from "bun:test";
import { waitFor } from "../support/wait-for.ts";
import { allDrivers } from "./all-drivers.ts";
import { type CliDriver, nameOf } from "./cli-driver.ts";
import { type DrivenAgent, startDriven, startsWithinMs } from "./driven-agent.ts";
import { type FailureKind, failureKinds, wordsOfFailure } from "./model-failures.ts";

const isIdle = ({ status }: { readonly status: string }) => status === "idle";
/** A CLI asks its model again by itself, for a while that it does not let its user set. */
const failsWithinMs = 150_000;

/** An agent that speaks ACP gets no task before the limit is tried again, which is after a minute if nobody knows its end. */
const goesOnWithinMs = 150_000;

/** What the fleet shows of an agent whose last turn has failed so. */
const shownOf: Readonly<
  Record<FailureKind, { readonly status: string; readonly value: string; readonly words: string }>
> = {
  authentication: { status: "stuck", value: "stuck", words: "authentication failed: " },
  usage_limit: { status: "stuck", value: "stuck", words: "usage limit reached: " },
  overloaded: { status: "idle", value: "error", words: "its turn failed (overloaded): " },
  context: { status: "idle", value: "error", words: "its turn failed (context): " },
};

test.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a turn whose model fails has failed, in the fleet's words; nothing of it is applied; once the model is well, the next task is done",
  async (_, driver) => {
    let failing: FailureKind | undefined;
    const turn = () => (failing === undefined ? { text: "It is done." } : driver.failures[failing]);
    await using ada = await startDriven(driver, { task: "SAY-HELLO", script: { fallback: turn } });
    await ada.until("its first turn is over", isIdle, startsWithinMs);
    for (const kind of failureKinds) {
      failing = kind;
      await ada.send("task", `WHILE-${kind}`, "--id", `f-${kind}`);
      if (driver.outlasts?.includes(kind) === true) {
        if (kind === "context") await isShortened(ada);
        else await isAskedAgain(driver, ada, kind);
        expect((await ada.life(`f-${kind}`)).some(isEnd)).toBe(false);
        failing = undefined;
        await ada.untilReceipt(`f-${kind}`, "applied", failsWithinMs);
      } else {
        await hasFailed(driver, ada, kind);
        failing = undefined;
      }
      await ada.send("task", `AFTER-${kind}`, "--id", `w-${kind}`);
      await ada.untilReceipt(`w-${kind}`, "applied", goesOnWithinMs);
      const well = await ada.until("nothing of the failure is left", isIdle, goesOnWithinMs);
      expect(well.axes.attention).toMatchObject({ value: "none" });
      // A task has one end: the turn of another task says nothing about it.
      expect((await ada.life(`f-${kind}`)).filter(isEnd).length).toBe(1);
    }
    await ada.send("stop", "--id", "s-1", "--wait", "applied");
  },
  1_800_000,
);

const isEnd = (state: string) => /^(applied|failed)/.test(state);

async function hasFailed(driver: CliDriver, ada: DrivenAgent, kind: FailureKind): Promise<void> {
  await ada.untilReceipt(`f-${kind}`, "failed", failsWithinMs);
  const { status, value, words } = shownOf[kind];
  const { axes } = await ada.until(
    `it is shown as failed: ${kind}`,
    (agent) => agent.status === status && agent.axes.attention.value === value,
  );
  expect(axes.attention.reason.slice(0, words.length)).toBe(words);
  // The service's own words, for the person who has to do something.
  expect(axes.attention.reason.slice(words.length)).toMatch(wordsOfFailure[kind]);
  // Some CLIs show that the model's server has got the words (`seen`), and others only its answer.
  expect((await ada.life(`f-${kind}`)).filter((state) => state !== "seen")).toEqual([
    ...["stored", "delivered", `injected by ${driver.route}`],
    expect.stringMatching(/^failed( by (result|turn))?$/),
  ]);
  // It may shorten a conversation that is too long, and ask again.
  const isRetried = kind !== "context" && timesAsked(ada, kind) > 1;
  expect({ kind, isRetried, isTold: await isRetryTold(driver, ada, kind) }).toEqual({
    ...{ kind, isRetried },
    isTold: isRetried && driver.hidesRetries !== true,
  });
}

/** The CLI asks its model again and again: the fleet shows it, if the CLI tells it, and the task is open. */
async function isAskedAgain(driver: CliDriver, ada: DrivenAgent, kind: FailureKind): Promise<void> {
  const isShown = async () =>
    timesAsked(ada, kind) > 1 && (driver.hidesRetries || isRetryTold(driver, ada, kind));
  await waitFor(isShown, { what: "its model is asked again", deadlineMs: failsWithinMs, saw: ada.agent });
  expect((await ada.agent()).status).toBe(driver.hidesRetries === true ? "working" : "retrying");
}

/** The CLI shortens its conversation again and again, which the fleet shows as its work. */
async function isShortened(ada: DrivenAgent): Promise<void> {
  const isTold = async () => (await ada.events("compaction")).length > 1;
  await waitFor(isTold, { what: "it shortens its conversation", deadlineMs: failsWithinMs, saw: ada.agent });
  expect((await ada.agent()).status).toBe("working");
}

function timesAsked({ model }: DrivenAgent, kind: FailureKind): number {
  return model.requests.filter(({ newText, isSide }) => !isSide && newText.includes(`WHILE-${kind}`)).length;
}

async function isRetryTold(driver: CliDriver, ada: DrivenAgent, kind: FailureKind): Promise<boolean> {
  const why = driver.unnamedRetries?.includes(kind) === true ? "other" : kind;
  return (await ada.events("retry")).some((text) => text.startsWith(why));
}
