// The contract, its long half: tasks for a session that works, and while a permission stands.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { waitFor } from "../support/wait-for.ts";
import { allDrivers } from "./all-drivers.ts";
import { abilitiesOf, nameOf } from "./cli-driver.ts";
import { startDriven, startsWithinMs } from "./driven-agent.ts";

const isIdle = ({ status }: { readonly status: string }) => status === "idle";

test.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a task while a permission stands answers no dialog, and one for a busy session joins its turn, or waits for its end",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "LOOK-FIRST",
      script: {
        rules: [
          {
            match: "LOOK-FIRST",
            once: true,
            turn: driver.shell("touch started; until [ -e go ]; do sleep 0.1; done; printf 'looked-%s' 42"),
          },
          { match: "MEANWHILE-ONE", once: true, turn: { text: "The first is done." } },
          { match: "MEANWHILE-TWO", once: true, turn: { text: "The second is done." } },
        ],
      },
    });
    await ada.until("it asks", ({ axes }) => axes.attention.value === "approval", startsWithinMs);
    const asked = await ada.request("touch started");
    await ada.send("task", "MEANWHILE-ONE", "--id", "t-1");
    expect(await ada.openRequests()).toMatchObject([{ request_id: asked.request_id }]);
    expect(existsSync(`${ada.work}/started`)).toBe(false);
    expect(await ada.answer(asked, "--approve")).toMatchObject({ code: 0 });
    await waitFor(() => existsSync(`${ada.work}/started`), { what: "the tool runs" });
    // Its model was not asked meanwhile, so it cannot have seen the task.
    expect(await ada.life("t-1")).not.toContain("seen");
    await ada.send("task", "MEANWHILE-TWO", "--id", "t-2");
    if (abilitiesOf(driver).steer.holds === "no") {
      for (const id of ["t-1", "t-2"]) expect(await ada.life(id)).toEqual(["stored", "delivered"]);
    }
    await writeFile(`${ada.work}/go`, "");
    for (const id of ["t-1", "t-2"]) await ada.untilReceipt(id, "applied");
    for (const id of ["t-1", "t-2"])
      expect((await ada.life(id)).slice(3)).toEqual([
        "seen",
        expect.stringMatching(/^applied by (result|turn)$/),
      ]);
    await ada.until("its turn is over", isIdle);

    // A task that joins the turn is there with the result of its tool; one that waits is a turn of its own.
    const withResult = ada.model.requests.filter(({ newText }) => newText.includes("looked-42"));
    expect(withResult.length).toBe(1);
    const joins = abilitiesOf(driver).steer.holds !== "no";
    expect(withResult[0]?.newText.includes("MEANWHILE-ONE")).toBe(joins);
    for (const word of ["MEANWHILE-ONE", "MEANWHILE-TWO"]) {
      expect(ada.model.requests.filter(({ newText }) => newText.includes(word)).length).toBe(1);
    }
  },
  600_000,
);
