// An agent that is paused in the middle of a turn: its first tool has run to its end, and its second one is held. Knows no CLI.
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { waitFor } from "../support/wait-for.ts";
import { abilitiesOf, type CliDriver } from "./cli-driver.ts";
import { type DrivenAgent, startsWithinMs } from "./driven-agent.ts";
import type { DrivenScript } from "./driven-turn.ts";

/** The task of its launch. */
export const twoSteps = "TWO-STEPS";

/** What its model does with {@link twoSteps}. A model that is told to make a held call again does so. */
export function twoStepsRules(driver: CliDriver): NonNullable<DrivenScript["rules"]> {
  const first = driver.shell("touch first; until [ -e go ]; do sleep 0.1; done; printf 'first-%s' 42");
  const second = driver.shell("touch second");
  return [
    { match: twoSteps, once: true, turn: first },
    { match: "first-42", once: true, turn: second },
    { match: "Call it again to go on waiting", turn: second },
  ];
}

/** Whether its second tool has run. */
export function hasRunSecond({ work }: DrivenAgent): boolean {
  return existsSync(`${work}/second`);
}

/** Resolves when the agent, which was launched with {@link twoSteps}, is paused by the order `p-1`. */
export async function pauseInTurn(driver: CliDriver, ada: DrivenAgent): Promise<void> {
  await ada.until("it asks", ({ axes }) => axes.attention.value === "approval", startsWithinMs);
  await ada.permit("touch first");
  await waitFor(() => existsSync(`${ada.work}/first`), { what: "the first tool runs" });
  await ada.send("pause", "--id", "p-1");
  if (abilitiesOf(driver).pause.holds === "yes") await ada.untilReceipt("p-1", "injected by hook");
  else expect(await ada.life("p-1")).toEqual(["stored", "delivered"]);
  await writeFile(`${ada.work}/go`, "");
  await ada.untilReceipt("p-1", "applied");
  await ada.until("it is paused", ({ axes }) => axes.control.value === "paused");
}

/** Lets the paused agent go on, by the order `r-1`. Resolves when its second tool has run, and its turn is over. */
export async function letGo(ada: DrivenAgent): Promise<void> {
  expect(hasRunSecond(ada)).toBe(false);
  await ada.send("resume", "--id", "r-1", "--wait", "applied");
  await ada.permit("touch second");
  await waitFor(() => hasRunSecond(ada), { what: "the second tool runs" });
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(await ada.run("log", "ada", "--last")).toBe("Both are done.\n");
}
