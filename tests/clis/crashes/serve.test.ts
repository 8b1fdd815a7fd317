// The contract, its long half: the server is killed, at each step, and another one started in its place. The agent's run goes on, what was
// open is open at the next server, and its task ends as if nothing had been.
import { expect, test } from "bun:test";
import { nameOf } from "../cli-driver.ts";
import { startDriven, startsWithinMs } from "../driven-agent.ts";
import { geminiHeadless } from "../drivers/acp.ts";
import { claudeHeadless, claudeTerminal } from "../drivers/claude.ts";
import { codexHeadless, codexTerminal } from "../drivers/codex.ts";
import { copilotHeadless, copilotTerminal } from "../drivers/copilot.ts";
import { localHeadless } from "../drivers/local.ts";
import { opencodeHeadless, opencodeTerminal } from "../drivers/opencode.ts";
import { qwenHeadless, qwenTerminal } from "../drivers/qwen.ts";
import { finish, reach, scriptOf, steps } from "./steps.ts";
import { runOf } from "./victims.ts";

/** The drivers with which this was run. */
const tried = [
  ...[claudeHeadless, claudeTerminal, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, geminiHeadless, copilotHeadless, copilotTerminal, localHeadless],
];

test.each(tried.map((driver) => [nameOf(driver), driver] as const))(
  "%s: its server is killed while it is idle, busy, in a tool, while a permission stands, while it is paused",
  async (_, driver) => {
    await using ada = await startDriven(driver, { task: "SAY-HELLO", script: scriptOf(driver, 10_000) });
    await ada.until("its first turn is over", ({ status }) => status === "idle", startsWithinMs);
    const before = await runOf(ada);
    for (const step of steps) {
      await reach(step, driver, ada);
      await ada.restartServe();
      await ada.until(`${step}: it is there again`, ({ axes }) => axes.link.value === "online");
      await finish(step, driver, ada);
      await ada.until(`${step}: it is idle`, ({ status }) => status === "idle");
      expect(await ada.openRequests()).toEqual([]);
    }
    expect(await runOf(ada)).toEqual(before);
  },
  1_200_000,
);
