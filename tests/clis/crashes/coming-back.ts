// What must hold once an agent whose run has crashed is resumed: it is in its session again, and has what was open. Knows no CLI.
import { expect } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import type { CliDriver } from "../cli-driver.ts";
import { type DrivenAgent, startsWithinMs } from "../driven-agent.ts";
import { type Step, taskOf } from "./steps.ts";

/** @param begunAtMs when its session began, by `performance.now()` */
export async function comesBack(driver: CliDriver, ada: DrivenAgent, begunAtMs: number): Promise<void> {
  const { session_id } = await ada.agent();
  const { keepsSessionAfterMs = 0 } = driver;
  await waitFor(() => performance.now() - begunAtMs >= keepsSessionAfterMs, {
    ...{ what: "its session is kept", deadlineMs: keepsSessionAfterMs + 1_000 },
  });
  await ada.resumeAgain();
  await ada.until(
    "it is in its session again, and idle",
    (agent) =>
      agent.axes.link.value === "online" && agent.session_id === session_id && agent.status === "idle",
    startsWithinMs,
  );
}

/** What its last run had left open has an end that the next run shows; and it takes the next task. */
export async function openWorkIsDone(driver: CliDriver, ada: DrivenAgent, step: Step): Promise<void> {
  const task = taskOf[step];
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
}

const steps = (step: Step) => step.replaceAll(" ", "-");
