// The contract, its long half: the agent CLI is killed, at each step. The fleet says so, nothing of it runs on, no receipt says more than was
// shown, and the next run in its session gets what was open.
import { expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { nameOf } from "../cli-driver.ts";
import { startDriven, startsWithinMs } from "../driven-agent.ts";
import { geminiHeadless } from "../drivers/acp.ts";
import { claudeHeadless, claudeTerminal } from "../drivers/claude.ts";
import { codexHeadless, codexTerminal } from "../drivers/codex.ts";
import { copilotHeadless, copilotTerminal } from "../drivers/copilot.ts";
import { localHeadless } from "../drivers/local.ts";
import { opencodeHeadless, opencodeTerminal } from "../drivers/opencode.ts";
import { qwenHeadless, qwenTerminal } from "../drivers/qwen.ts";
import { comesBack, openWorkIsDone } from "./coming-back.ts";
import { reach, scriptOf, steps, taskOf } from "./steps.ts";
import { runOf } from "./victims.ts";

/** The drivers with which this was run. */
const tried = [
  ...[claudeHeadless, claudeTerminal, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, geminiHeadless, copilotHeadless, copilotTerminal, localHeadless],
];

test.each(tried.map((driver) => [nameOf(driver), driver] as const))(
  "%s: its CLI is killed while idle, busy, in a tool, while a permission stands, while paused",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "SAY-HELLO",
      script: scriptOf(driver, 600_000),
    });
    let begunAtMs = performance.now();
    await ada.until("its first turn is over", ({ status }) => status === "idle", startsWithinMs);
    for (const step of steps) {
      await reach(step, driver, ada);
      const { cli } = await runOf(ada);
      process.kill(cli, "SIGKILL");
      const { axes } = await ada.until(`${step}: it is known`, ({ status }) => status === "crashed");
      expect(axes.link.reason).toBe("its CLI crashed: SIGKILL");
      const isGone = async () => (await ada.processes()).length === 0;
      await waitFor(isGone, { what: "nothing of it runs on", saw: ada.processes });
      const isWithdrawn = async () => (await ada.openRequests()).length === 0;
      await waitFor(isWithdrawn, { what: `${step}: what it asked is withdrawn`, saw: ada.openRequests });
      const task = taskOf[step];
      if (task !== undefined) {
        expect((await ada.life(task)).at(-1)).toMatch(/^(delivered|injected by .*|seen)$/);
      }
      begunAtMs = await comesBack(driver, ada, begunAtMs, step);
      await openWorkIsDone(driver, ada, step);
    }
    expect(await ada.changedFiles()).toEqual([]);
  },
  1_200_000,
);
