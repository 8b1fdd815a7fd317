// The moments at which a crash may come: how an agent is brought to each, and what must not have happened afterwards. Knows no CLI.
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { waitFor } from "../../support/wait-for.ts";
import { abilitiesOf, type CliDriver } from "../cli-driver.ts";
import type { DrivenAgent } from "../driven-agent.ts";
import type { DrivenScript } from "../driven-turn.ts";

export const steps = ["idle", "busy", "in a tool", "while a permission stands", "while paused"] as const;
export type Step = (typeof steps)[number];

/** The id of the task that is open at the step. An idle agent has none. */
export const taskOf: Readonly<Record<Step, string | undefined>> = {
  idle: undefined,
  busy: "t-busy",
  "in a tool": "t-tool",
  "while a permission stands": "t-asked",
  "while paused": "t-paused",
};

/** The files that the tools make which wait for a permission, or are held by a pause. */
const waitingTools = ["asked-ran", "paused-ran"] as const;

/** @param thinksMs how long the model thinks in the step `busy` */
export function scriptOf(driver: CliDriver, thinksMs: number): DrivenScript {
  const tool = "echo $$ > tool-pid; until [ -e tool-go ]; do sleep 0.1; done; touch tool-ended";
  return {
    rules: [
      { match: "DO-THINK", once: true, turn: { text: "Now I know.", delayMs: thinksMs } },
      { match: "DO-TOOL", once: true, turn: driver.shell(tool) },
      { match: "DO-ASKED", once: true, turn: driver.shell("touch asked-ran") },
      { match: "DO-PAUSED", once: true, turn: driver.shell("touch paused-ran") },
      { match: "DO-OWN", once: true, turn: driver.ownTool("log_activity", { action: "looked" }) },
    ],
    fallback: { text: "It is done." },
  };
}

/** Brings the idle agent to the step. */
export async function reach(step: Step, driver: CliDriver, ada: DrivenAgent): Promise<void> {
  switch (step) {
    case "idle":
      return;
    case "busy": {
      await ada.send("task", "DO-THINK", "--id", "t-busy");
      const isAsked = () => ada.model.requests.some(({ newText }) => newText.includes("DO-THINK"));
      return void (await waitFor(isAsked, { what: "its model is asked" }));
    }
    case "in a tool":
      await ada.send("task", "DO-TOOL", "--id", "t-tool");
      await ada.permit("tool-pid");
      return void (await waitFor(() => toolPid(ada), { what: "the tool runs" }));
    case "while a permission stands":
      await ada.send("task", "DO-ASKED", "--id", "t-asked");
      return void (await ada.request("asked-ran"));
    case "while paused": {
      await ada.send("pause", "--id", "p-1");
      await ada.send("task", "DO-PAUSED", "--id", "t-paused");
      // What holds only some tools is not even told.
      await ada.untilReceipt("t-paused", abilitiesOf(driver).pause.holds === "yes" ? "seen" : "delivered");
      return void (await ada.until("it is paused", ({ axes }) => axes.control.value === "paused"));
    }
  }
}

/** The process id of the tool of the step `in a tool`; 0 if it does not run yet. */
async function toolPid({ work }: DrivenAgent): Promise<number> {
  return Number(await readFile(`${work}/tool-pid`, "utf8").catch(() => "0"));
}

/** Whether the tool of the step `in a tool` runs. */
export async function isToolRunning(ada: DrivenAgent): Promise<boolean> {
  const pid = await toolPid(ada);
  return pid > 0 && (await readProcessStart(pid)) !== undefined;
}

/** Which of the tools have run that nobody has allowed to. */
export function ranUnallowed({ work }: DrivenAgent): readonly string[] {
  return waitingTools.filter((file) => existsSync(`${work}/${file}`));
}

/** Lets what the step has open go on to its end: the tool ends, the permission is given, the pause is over. Its task is then done. */
export async function finish(step: Step, driver: CliDriver, ada: DrivenAgent): Promise<void> {
  switch (step) {
    case "idle":
    case "busy":
      break;
    case "in a tool":
      expect(await isToolRunning(ada)).toBe(true);
      await writeFile(`${ada.work}/tool-go`, "");
      break;
    case "while a permission stands":
      expect(ranUnallowed(ada)).toEqual([]);
      await ada.permit("asked-ran");
      break;
    case "while paused":
      expect(ranUnallowed(ada)).not.toContain("paused-ran");
      await ada.until("it is paused", ({ axes }) => axes.control.value === "paused");
      await ada.send("resume", "--id", "r-1", "--wait", "applied");
      await ada.permit("paused-ran");
  }
  const task = taskOf[step];
  if (task === undefined) return;
  await ada.untilReceipt(task, "applied");
  expect(await ada.life(task)).toEqual([
    ...["stored", "delivered", `injected by ${driver.route}`, "seen"],
    expect.stringMatching(/^applied by (result|turn)$/),
  ]);
}
