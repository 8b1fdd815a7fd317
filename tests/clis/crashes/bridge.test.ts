// The contract, its long half: cliai's MCP server beside the CLI is killed, at each step. The agent's run goes on, because its host steers
// it, and the fleet is told that the agent has lost cliai's tools, unless they are there again at once.
import { expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { nameOf } from "../cli-driver.ts";
import { startDriven, startsWithinMs } from "../driven-agent.ts";
import { claudeHeadless } from "../drivers/claude.ts";
import { codexHeadless, codexTerminal } from "../drivers/codex.ts";
import { copilotHeadless, copilotTerminal } from "../drivers/copilot.ts";
import { localHeadless } from "../drivers/local.ts";
import { opencodeHeadless, opencodeTerminal } from "../drivers/opencode.ts";
import { qwenHeadless, qwenTerminal } from "../drivers/qwen.ts";
import { comesBack } from "./coming-back.ts";
import { finish, reach, scriptOf, steps } from "./steps.ts";
import { bridgeOf, runOf } from "./victims.ts";

/** The drivers with which this was run. */
const tried = [
  ...[claudeHeadless, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, copilotHeadless, copilotTerminal, localHeadless],
];

test.each(tried.map((driver) => [nameOf(driver), driver] as const))(
  "%s: its bridge is killed while it is idle, busy, in a tool, while a permission stands, while it is paused",
  async (_, driver) => {
    await using ada = await startDriven(driver, { task: "SAY-HELLO", script: scriptOf(driver, 3_000) });
    let begunAtMs = performance.now();
    await ada.until("its first turn is over", ({ status }) => status === "idle", startsWithinMs);
    for (const [index, step] of steps.entries()) {
      await reach(step, driver, ada);
      const run = await runOf(ada);
      process.kill(await bridgeOf(ada), "SIGKILL");
      await waitFor(async () => (await ada.events("tools_lost")).length === index + 1, {
        ...{ what: `${step}: the fleet is told that its tools are lost`, deadlineMs: 30_000 },
        saw: ada.agent,
      });
      expect((await ada.agent()).axes.link.value).toBe("online");
      await finish(step, driver, ada);
      await ada.until(`${step}: it is idle`, ({ status }) => status === "idle");
      expect(await runOf(ada)).toEqual(run);

      await ada.send("stop", "--id", `s-${index}`, "--wait", "applied");
      begunAtMs = await comesBack(driver, ada, begunAtMs);
    }
  },
  1_200_000,
);
