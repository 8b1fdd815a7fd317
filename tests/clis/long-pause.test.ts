// The contract, its long half: a pause in the middle of a turn, over a restart of the server.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { stays, waitFor } from "../support/wait-for.ts";
import { allDrivers } from "./all-drivers.ts";
import { abilitiesOf, nameOf } from "./cli-driver.ts";
import { startDriven, startsWithinMs } from "./driven-agent.ts";

test.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a pause lets the tool that runs end, holds the next one while no server runs, and until the next server's resume",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "TWO-STEPS",
      script: {
        rules: [
          {
            match: "TWO-STEPS",
            once: true,
            turn: driver.shell("touch first; until [ -e go ]; do sleep 0.1; done; printf 'first-%s' 42"),
          },
          { match: "first-42", once: true, turn: driver.shell("touch second") },
          { match: "ASK-OWN", once: true, turn: driver.ownTool("ask_human", { question: "Which colour?" }) },
        ],
        fallback: { text: "Both are done." },
      },
    });
    await ada.until("it asks", ({ axes }) => axes.attention.value === "approval", startsWithinMs);
    await ada.permit("touch first");
    await waitFor(() => existsSync(`${ada.work}/first`), { what: "the first tool runs", deadlineMs: 60_000 });
    const holdsEveryTool = abilitiesOf(driver).pause.holds === "yes";
    await ada.send("pause", "--id", "p-1");
    if (holdsEveryTool) await ada.untilReceipt("p-1", "injected by hook");
    else expect(await ada.life("p-1")).toEqual(["stored", "delivered"]);
    await writeFile(`${ada.work}/go`, "");
    await ada.untilReceipt("p-1", "applied");
    await ada.until("it is paused", ({ axes }) => axes.control.value === "paused");
    await ada.restartServe(async () => {
      await stays(() => !existsSync(`${ada.work}/second`), {
        ...{ what: "the second tool is held", because: "the agent is paused", forMs: 1_000 },
      });
    });
    const isBack = ({ axes }: Awaited<ReturnType<typeof ada.agent>>) =>
      axes.link.value === "online" && axes.control.value === "paused";
    await ada.until("it is paused at the next server", isBack);
    expect(existsSync(`${ada.work}/second`)).toBe(false);
    await ada.send("resume", "--id", "r-1", "--wait", "applied");
    await ada.permit("touch second");
    await waitFor(() => existsSync(`${ada.work}/second`), {
      what: "the second tool runs",
      deadlineMs: 60_000,
    });
    await ada.until("its turn is over", ({ status }) => status === "idle");
    expect(await ada.run("log", "ada", "--last")).toBe("Both are done.\n");

    // A pause that is taken back before a tool came: only what would have held any tool was a pause.
    await ada.send("task", "ASK-OWN", "--id", "t-1");
    const asked = await ada.request("Which colour?");
    await ada.send("pause", "--id", "p-2");
    if (holdsEveryTool) await ada.untilReceipt("p-2", "injected by hook");
    await ada.send("resume", "--id", "r-2", "--wait", "applied");
    await ada.untilReceipt("p-2", holdsEveryTool ? "applied" : "failed");
    if (!holdsEveryTool) expect(await ada.life("p-2")).toEqual(["stored", "delivered", "failed by hook"]);
    expect(await ada.answer(asked, "green")).toMatchObject({ code: 0 });
    await ada.untilReceipt("t-1", "applied");
  },
  600_000,
);
