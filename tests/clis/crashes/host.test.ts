// The contract, its long half: the agent's host is killed, at each step. It cannot say goodbye: the server says it in its place. What the
// CLI has left is ended when the agent is started again, and the next run in its session gets what was open.
import { expect, test } from "bun:test";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { waitFor } from "../../support/wait-for.ts";
import { nameOf } from "../cli-driver.ts";
import { startDriven, startsWithinMs } from "../driven-agent.ts";
import { geminiHeadless } from "../drivers/acp.ts";
import { claudeHeadless, claudeTerminal } from "../drivers/claude.ts";
import { codexHeadless, codexTerminal } from "../drivers/codex.ts";
import { copilotHeadless } from "../drivers/copilot.ts";
import { localHeadless } from "../drivers/local.ts";
import { opencodeHeadless, opencodeTerminal } from "../drivers/opencode.ts";
import { qwenHeadless, qwenTerminal } from "../drivers/qwen.ts";
import { comesBack, openWorkIsDone } from "./coming-back.ts";
import { isToolRunning, reach, scriptOf, steps, taskOf } from "./steps.ts";
import { runOf } from "./victims.ts";

/** The drivers with which this was run. */
const tried = [
  ...[claudeHeadless, claudeTerminal, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, geminiHeadless, copilotHeadless, localHeadless],
];

test.each(tried.map((driver) => [nameOf(driver), driver] as const))(
  "%s: its host is killed while it is idle, busy, in a tool, while a permission stands, while it is paused",
  async (_, driver) => {
    await using ada = await startDriven(driver, { task: "SAY-HELLO", script: scriptOf(driver, 600_000) });
    let begunAtMs = performance.now();
    await ada.until("its first turn is over", ({ status }) => status === "idle", startsWithinMs);
    for (const step of steps) {
      await reach(step, driver, ada);
      const { host, cli } = await runOf(ada);
      process.kill(host, "SIGKILL");
      const { axes } = await ada.until(`${step}: it is known`, ({ status }) => status === "crashed");
      expect(axes.link.reason).toMatch(/^its host has ended without a word( \(SIGKILL\))?$/);
      const task = taskOf[step];
      if (task !== undefined) {
        expect((await ada.life(task)).at(-1)).toMatch(/^(delivered|injected by .*|seen)$/);
      }
      // No call waits for an answer any more.
      await waitFor(async () => (await ada.openRequests()).length === 0, {
        ...{ what: `${step}: what it asked is withdrawn`, saw: ada.openRequests },
      });

      begunAtMs = await comesBack(driver, ada, begunAtMs, step);
      expect(await readProcessStart(cli)).toBeUndefined();
      expect(await isToolRunning(ada)).toBe(false);
      await openWorkIsDone(driver, ada, step);
    }
    expect(await ada.changedFiles()).toEqual([]);
  },
  1_200_000,
);
