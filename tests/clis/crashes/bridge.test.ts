// The contract, its long half: cliai's MCP server beside the CLI is killed, at each step. The agent's run goes on, because its host steers
// it, and the fleet is told that the agent has lost cliai's tools. If its CLI starts the server again, a call of one of them has it back.
import { expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { type CliDriver, nameOf } from "../cli-driver.ts";
import { type DrivenAgent, startDriven, startsWithinMs } from "../driven-agent.ts";
import { geminiHeadless } from "../drivers/acp.ts";
import { claudeHeadless, claudeTerminal } from "../drivers/claude.ts";
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
  ...[claudeHeadless, claudeTerminal, codexHeadless, codexTerminal, opencodeHeadless, opencodeTerminal],
  ...[qwenHeadless, qwenTerminal, geminiHeadless, copilotHeadless, copilotTerminal, localHeadless],
];

/** Whether the CLI has a killed bridge again, as soon as the model calls one of cliai's tools. */
function startsItAgain({ cli, mode }: CliDriver): boolean {
  const hasStream = mode === "headless" || cli.isServed === true;
  return cli.session?.whenBridgeEnds?.[hasStream ? "stream" : "terminal"] !== undefined;
}

/** What the fleet is shown, and what becomes of a call of one of cliai's own tools, while the bridge is away. */
async function missesItsTools(driver: CliDriver, ada: DrivenAgent): Promise<void> {
  const isAgain = startsItAgain(driver);
  const isError = ({ axes }: Awaited<ReturnType<typeof ada.agent>>) => axes.attention.value === "error";
  if (isAgain) expect(isError(await ada.agent())).toBe(false);
  else await ada.until("a person is told", isError);
  await ada.send("task", "DO-OWN", "--id", "t-own");
  await ada.untilReceipt("t-own", "applied");
  await ada.until("it is idle after its call", ({ status }) => status === "idle");
  if (isAgain) {
    const isBack = async () => (await ada.events("tools_back")).length === 1;
    await waitFor(isBack, { what: "its tools are there again", saw: ada.agent });
    return;
  }
  expect(await ada.events("tools_back")).toEqual([]);
  expect(isError(await ada.agent())).toBe(true);
}

test.each(tried.map((driver) => [nameOf(driver), driver] as const))(
  "%s: its bridge is killed while it is idle, busy, in a tool, while a permission stands, while it is paused",
  async (_, driver) => {
    await using ada = await startDriven(driver, { task: "SAY-HELLO", script: scriptOf(driver, 3_000) });
    let begunAtMs = performance.now();
    await ada.until("its first turn is over", ({ status }) => status === "idle", startsWithinMs);
    for (const [index, step] of steps.entries()) {
      await reach(step, driver, ada);
      const run = await runOf(ada);
      const lastTold = await ada.latest("tools_lost");
      process.kill(await bridgeOf(ada), "SIGKILL");
      const isTold = async () => ((await ada.latest("tools_lost")) ?? "") > (lastTold ?? "");
      await waitFor(isTold, {
        ...{ what: `${step}: the fleet is told that its tools are lost`, saw: ada.agent },
      });
      expect((await ada.agent()).axes.link.value).toBe("online");
      await finish(step, driver, ada);
      await ada.until(`${step}: it is idle`, ({ status }) => status === "idle");
      expect(await runOf(ada)).toEqual(run);
      if (step === "idle") await missesItsTools(driver, ada);

      await ada.send("stop", "--id", `s-${index}`, "--wait", "applied");
      begunAtMs = await comesBack(driver, ada, begunAtMs);
    }
  },
  1_200_000,
);
