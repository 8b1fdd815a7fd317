// The contract, its long half: stops that let the session end in order.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { waitFor } from "../support/wait-for.ts";
import { allVariants } from "./all-drivers.ts";
import { nameOf } from "./cli-driver.ts";
import { startDriven, startsWithinMs } from "./driven-agent.ts";

test.each(allVariants.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a stop in the middle of a tool lets that tool end and starts no other; then nothing of the agent runs, and it is resumed in its session",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "TWO-STEPS",
      script: {
        rules: [
          {
            match: "TWO-STEPS",
            once: true,
            turn: driver.shell(
              "touch first; until [ -e go ]; do sleep 0.1; done; touch ended; printf 'first-%s' 42",
            ),
          },
          { match: "first-42", once: true, turn: driver.shell("touch second") },
          { match: "WHAT-BEFORE", once: true, turn: { text: "Two steps." } },
        ],
      },
    });
    await ada.until("it asks", ({ axes }) => axes.attention.value === "approval", startsWithinMs);
    const startedAtMs = performance.now();
    await ada.permit("touch first");
    await waitFor(() => existsSync(`${ada.work}/first`), { what: "the first tool runs" });
    const { session_id } = await ada.agent();
    await ada.send("stop", "--id", "s-1", "--reason", "enough");
    await writeFile(`${ada.work}/go`, "");
    await ada.untilReceipt("s-1", "applied");
    await ada.until("it is stopped", ({ axes }) => axes.control.value === "stopped");
    expect(existsSync(`${ada.work}/ended`)).toBe(true);
    expect(existsSync(`${ada.work}/second`)).toBe(false);
    expect(await ada.openRequests()).toEqual([]);
    const isGone = async () => (await ada.processes()).length === 0;
    await waitFor(isGone, { what: "nothing of it runs on", saw: ada.processes });

    const { keepsSessionAfterMs = 0 } = driver;
    await waitFor(() => performance.now() - startedAtMs >= keepsSessionAfterMs, {
      ...{ what: "its session is kept", deadlineMs: keepsSessionAfterMs + 1_000 },
    });
    await ada.resumeAgain();
    const isBack = (agent: Awaited<ReturnType<typeof ada.agent>>) =>
      agent.axes.link.value === "online" && agent.session_id === session_id && agent.status === "idle";
    await ada.until("it is in its session again", isBack, startsWithinMs);
    await ada.send("task", "WHAT-BEFORE", "--id", "t-1", "--wait", "applied");
    const asked = ada.model.requests.find(({ newText }) => newText.includes("WHAT-BEFORE"));
    expect(JSON.stringify(asked?.body)).toContain("TWO-STEPS");
    await ada.send("stop", "--id", "s-2", "--wait", "applied");
    expect((await ada.life("s-2")).at(-1)).toBe("applied");
    await waitFor(isGone, { what: "nothing of it runs on", saw: ada.processes });
  },
  600_000,
);
