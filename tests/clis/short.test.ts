// The short half of the contract: one session of each agent CLI takes a task, a pause, a permission and a stop in the middle of a tool.
// What a CLI cannot do is in its row of abilities, and its receipts must say so.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { stays, waitFor } from "../support/wait-for.ts";
import { allDrivers, launchable } from "./all-drivers.ts";
import { abilitiesOf, type CliDriver, nameOf } from "./cli-driver.ts";
import { type DrivenAgent, startDriven, startsWithinMs } from "./driven-agent.ts";

test("the suite drives every agent CLI in every mode in which cliai can launch it", () => {
  expect(allDrivers.map(nameOf).sort()).toEqual([...launchable]);
});

const isIdle = ({ status }: { readonly status: string }) => status === "idle";

test.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a task, a pause, a permission, a stop in the middle of a tool; what its user has set up runs, and stays as it is",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "SAY-HELLO",
      script: {
        rules: [
          { match: "SAY-HELLO", once: true, turn: { text: "Hello from the model." } },
          { match: "MAKE-IT", once: true, turn: driver.shell("touch made") },
          { match: "SLEEP-LONG", once: true, turn: driver.ownTool("report_status", reported) },
          { match: "status recorded", once: true, turn: driver.shell("echo $$ > pid; sleep 600") },
        ],
      },
    });
    await ada.until("its first turn is over", isIdle, startsWithinMs);
    expect(await ada.run("log", "ada", "--last")).toBe("Hello from the model.\n");
    const shown = JSON.parse(await ada.run("show", "ada", "--json"));
    expect(shown).toMatchObject({ abilities: abilitiesOf(driver), project_path: ada.work });

    await pauseAndPermission(driver, ada);
    await ada.until("its turn is over", isIdle);
    await usageIsTold(driver, ada);
    await transcriptIsKept(ada);
    await stopInTool(ada);
    expect(ada.missingSigns()).toEqual([]);
    expect(await ada.changedFiles()).toEqual([]);
  },
  600_000,
);

/** A turn that ended by itself, as the result of the session or as its record tells it. */
const turnIsDone = /^applied by (result|turn)$/;
const reported = { status: "working", current_task: "about to sleep" };

/** A pause of the idle agent: the tool of its next task does not run. After the resume its permission is asked for, and given. */
async function pauseAndPermission(driver: CliDriver, ada: DrivenAgent): Promise<void> {
  const holdsEveryTool = abilitiesOf(driver).pause.holds === "yes";
  await ada.send("pause", "--id", "p-1");
  if (driver.provesHoldByTool) {
    await ada.untilReceipt("p-1", "delivered");
    expect(await ada.life("p-1")).toEqual(["stored", "delivered"]);
  } else await ada.untilReceipt("p-1", "applied");
  await ada.send("task", "MAKE-IT", "--id", "t-1");
  if (holdsEveryTool) {
    await ada.until("its tool is held", ({ axes }) => axes.control.value === "paused");
    await ada.untilReceipt("t-1", "seen");
    expect(await ada.openRequests()).toEqual([]);
  }
  await ada.untilReceipt("p-1", "applied");
  await stays(() => !existsSync(`${ada.work}/made`), {
    ...{ what: "the tool does not run", because: "the agent is paused", forMs: 500 },
  });
  // It holds only some tools, so it is not even told.
  if (!holdsEveryTool) expect(await ada.life("t-1")).toEqual(["stored", "delivered"]);
  await ada.send("resume", "--id", "r-1", "--wait", "applied");

  const asked = await ada.request("touch made");
  expect(asked).toMatchObject({ agent_id: "ada", kind: "permission" });
  expect(existsSync(`${ada.work}/made`)).toBe(false);
  expect(await ada.answer(asked, "--approve")).toMatchObject({ code: 0 });
  await ada.untilReceipt("t-1", "applied");
  expect(existsSync(`${ada.work}/made`)).toBe(true);
  expect(await ada.life("t-1")).toEqual([
    ...["stored", "delivered", `injected by ${driver.route}`, "seen", expect.stringMatching(turnIsDone)],
  ]);
  expect(await ada.openRequests()).toEqual([]);
}

async function usageIsTold(driver: CliDriver, ada: DrivenAgent): Promise<void> {
  const { usage, cost } = abilitiesOf(driver);
  expect(usage.holds).toBe("yes");
  const hasCost = cost.holds !== "no";
  // The tokens may be told while a turn runs, and its cost only at its end.
  const { usage: used } = await ada.until(
    hasCost ? "its tokens and cost are told" : "its tokens are told",
    (agent) =>
      (agent.usage?.tokens_used ?? 0) > 1_000 && (!hasCost || (agent.usage?.estimated_cost ?? 0) > 0),
  );
  // OpenCode knows the price of the scripted model.
  if (!hasCost) expect(used?.estimated_cost).toBeUndefined();
}

/** Its conversation so far, each entry once: what it was told and has said, its call and the result. */
async function transcriptIsKept(ada: DrivenAgent): Promise<void> {
  const read = async () => {
    const lines = (await ada.run("log", "ada", "--transcript", "--json")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as { kind: string; text: string; entry_id: string });
  };
  const place = (entries: Awaited<ReturnType<typeof read>>, kind: string, words: string) =>
    entries.findIndex((entry) => entry.kind === kind && entry.text.includes(words));
  const entries = await waitFor(
    async () => {
      const now = await read();
      const call = place(now, "tool_call", "touch made");
      return call !== -1 && now.slice(call).some(({ kind }) => kind === "tool_result") && now;
    },
    { what: "the call and its result are in the transcript", saw: read },
  );
  const told = place(entries, "prompt", "MAKE-IT");
  expect(told).not.toBe(-1);
  expect(told).toBeLessThan(place(entries, "tool_call", "touch made"));
  expect(place(entries, "prompt", "SAY-HELLO")).not.toBe(-1);
  expect(
    entries.filter(({ kind, text }) => kind === "answer" && text === "Hello from the model."),
  ).toHaveLength(1);
  expect(new Set(entries.map(({ entry_id }) => entry_id)).size).toBe(entries.length);
}

async function stopInTool(ada: DrivenAgent): Promise<void> {
  await ada.send("task", "SLEEP-LONG", "--id", "t-2", "--wait", "seen");
  await ada.permit("sleep 600");
  const pidOf = () => existsSync(`${ada.work}/pid`) && readFileSync(`${ada.work}/pid`, "utf8").trim();
  const pid = await waitFor(pidOf, { what: "the command runs" });
  await ada.until("it reports", ({ current_task }) => current_task === "about to sleep");
  await ada.send("stop", "--force", "--id", "s-1", "--wait", "applied");
  // A process that has ended stands in /proc until its parent has read its exit code.
  expect(await readProcessStart(Number(pid))).toBeUndefined();
  await ada.until("it is stopped", ({ axes }) => axes.control.value === "stopped");
  // Its task was cut off: it is not done, and has not failed, because the session may be resumed.
  expect((await ada.life("t-2")).at(-1)).toBe("seen");
  const isGone = async () => (await ada.processes()).length === 0;
  await waitFor(isGone, { what: "nothing of it runs on", saw: ada.processes });
}
