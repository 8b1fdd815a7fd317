// What must hold once an agent whose run has crashed is resumed: it is in its session again, and has what was open. Knows no CLI.
import { expect } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { abilitiesOf, type CliDriver } from "../cli-driver.ts";
import { type DrivenAgent, startsWithinMs } from "../driven-agent.ts";
import { ranUnallowed, type Step, taskOf } from "./steps.ts";

/**
 * Whether the next run begins the step's task from its beginning. A paused agent whose CLI holds only some tools is not told its tasks, and a
 * pause ends with its run: so the next run gets the task, and its tool asks for a permission.
 */
function beginsAnew(driver: CliDriver, step: Step): boolean {
  return step === "while paused" && abilitiesOf(driver).pause.holds !== "yes";
}

/**
 * Resolves with when the new run began, by `performance.now()`.
 * @param begunAtMs when its last run began
 * @param step at which that run has crashed
 */
export async function comesBack(
  driver: CliDriver,
  ada: DrivenAgent,
  begunAtMs: number,
  step: Step = "idle",
): Promise<number> {
  const { session_id } = await ada.agent();
  const { keepsSessionAfterMs = 0 } = driver;
  await waitFor(() => performance.now() - begunAtMs >= keepsSessionAfterMs, {
    ...{ what: "its session is kept", deadlineMs: keepsSessionAfterMs + 1_000 },
  });
  const nowMs = performance.now();
  await ada.resumeAgain();
  const isReady = ({ status, axes }: Awaited<ReturnType<typeof ada.agent>>) =>
    beginsAnew(driver, step) ? axes.attention.value === "approval" : status === "idle";
  await ada.until(
    `${step}: it is in its session again`,
    (agent) => agent.axes.link.value === "online" && agent.session_id === session_id && isReady(agent),
    startsWithinMs,
  );
  return nowMs;
}

/** What its last run had left open has an end that the next run shows; and it takes the next task. */
export async function openWorkIsDone(driver: CliDriver, ada: DrivenAgent, step: Step): Promise<void> {
  const task = taskOf[step];
  const isAnew = beginsAnew(driver, step);
  expect(ranUnallowed(ada)).toEqual([]);
  if (isAnew) await ada.permit("paused-ran");
  if (task !== undefined) {
    const wasSeen = (await ada.life(task)).at(-1) === "seen";
    // At its terminal its user says whether it goes on. Without one, the server has told it to.
    if (!wasSeen || driver.mode === "headless") await ada.untilReceipt(task, "applied");
  }
  const next = `n-${steps(step)}`;
  await ada.send("task", "DO-NEXT", "--id", next);
  await ada.untilReceipt(next, "applied");
  const { axes } = await ada.until("nothing of the crash is left", ({ status }) => status === "idle");
  expect(axes.control.value).toBe("running");
  expect(ranUnallowed(ada)).toEqual(isAnew ? ["paused-ran"] : []);
}

const steps = (step: Step) => step.replaceAll(" ", "-");
