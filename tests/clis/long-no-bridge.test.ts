// The contract, its long half: a CLI that does not start cliai's MCP server, and does not say so. Its user has kept the server from it, as a
// folder that it does not trust or a rule of an administrator would do. The fleet is told in time, and the rest of the agent works.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type CliDriver, nameOf } from "./cli-driver.ts";
import { type DrivenAgent, startDriven, startsWithinMs } from "./driven-agent.ts";
import { geminiHeadless } from "./drivers/acp.ts";
import { copilotHeadless, copilotTerminal } from "./drivers/copilot.ts";

const othersOnly = ["--allowed-mcp-server-names", "other"];
const notOurs = ["--disable-mcp-server", "cliai"];

/** The drivers with which this was run, and the arguments that keep cliai's server from the CLI. */
const tried: readonly (readonly [driver: CliDriver, args: readonly string[]])[] = [
  [geminiHeadless, othersOnly],
  [copilotHeadless, notOurs],
  [copilotTerminal, notOurs],
];

test.each(tried.map(([driver, args]) => [nameOf(driver), driver, args] as const))(
  "%s without cliai's MCP server: the fleet is told within 15 s of the session's begin; tasks, permissions and stops work",
  async (_, driver, args) => {
    const kept = { ...driver, profile: { ...driver.profile, args } };
    await using ada = await startDriven(kept, {
      task: "SAY-HELLO",
      script: { rules: [{ match: "MAKE-IT", once: true, turn: driver.shell("touch made") }] },
    });
    const isLost = ({ axes }: Awaited<ReturnType<DrivenAgent["agent"]>>) => axes.attention.value === "error";
    const { axes } = await ada.until("it is told", isLost, startsWithinMs);
    expect(axes.attention.reason).toContain("has not started cliai's MCP server within 15 s");
    expect(await ada.events("tools_lost")).toHaveLength(1);

    await ada.send("task", "MAKE-IT", "--id", "t-1");
    await ada.permit("touch made");
    await ada.untilReceipt("t-1", "applied");
    expect(existsSync(`${ada.work}/made`)).toBe(true);
    expect(await ada.events("tools_back")).toEqual([]);
    await ada.send("stop", "--id", "s-1", "--wait", "applied");
    await ada.until("it is stopped", ({ axes: now }) => now.control.value === "stopped");
  },
  600_000,
);
