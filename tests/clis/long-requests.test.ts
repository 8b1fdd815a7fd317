// The contract, its long half: what a session asks its user, answered by two people at once, refused with words, and in words.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { allDrivers } from "./all-drivers.ts";
import { abilitiesOf, nameOf } from "./cli-driver.ts";
import { type DrivenAgent, startDriven, startsWithinMs } from "./driven-agent.ts";

/** What its model was told last. A request for a title or a summary may come after that. */
const toldLast = ({ model }: DrivenAgent) => model.requests.findLast(({ isSide }) => !isSide)?.newText;
const isIdle = ({ status }: { readonly status: string }) => status === "idle";

test.each(allDrivers.map((driver) => [nameOf(driver), driver] as const))(
  "%s: of two answers one counts; a refusal reaches the model with its words; questions are answered in the inbox",
  async (_, driver) => {
    await using ada = await startDriven(driver, {
      task: "MAKE-IT",
      script: {
        rules: [
          { match: "MAKE-IT", once: true, turn: driver.shell("touch made") },
          { match: "MAKE-MORE", once: true, turn: driver.shell("touch more") },
          { match: "the disk is full", once: true, turn: { text: "So I leave it." } },
          { match: "ASK-OWN", once: true, turn: driver.ownTool("ask_human", { question: "Which colour?" }) },
          { match: "ASK-DIALOG", once: true, turn: driver.question("Which size?", ["small", "large"]) },
        ],
      },
    });
    await ada.until("it asks", ({ axes }) => axes.attention.value === "approval", startsWithinMs);
    const first = await ada.request("touch made");
    const both = await Promise.all([ada.answer(first, "--approve"), ada.answer(first, "--approve")]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 5]);
    expect(both.find(({ code }) => code === 5)?.stderr).toContain("is answered already");
    await ada.until("its turn is over", isIdle);
    expect(existsSync(`${ada.work}/made`)).toBe(true);

    await ada.send("task", "MAKE-MORE", "--id", "t-1");
    const second = await ada.request("touch more");
    expect(await ada.answer(second, "--refuse", "--reason", "the disk is full")).toMatchObject({ code: 0 });
    if (driver.refusalLeavesTask === true) {
      await ada.until(
        "the turn with the reason is over",
        (shown) => isIdle(shown) && toldLast(ada)?.includes("the disk is full") === true,
      );
      expect(await ada.life("t-1")).not.toContainEqual(expect.stringMatching(/^applied/));
    } else await ada.untilReceipt("t-1", "applied");
    expect(existsSync(`${ada.work}/more`)).toBe(false);
    expect(ada.model.requests.filter(({ newText }) => newText.includes("the disk is full")).length).toBe(1);

    await ada.send("task", "ASK-OWN", "--id", "t-2");
    const third = await ada.request("Which colour?");
    expect(third.kind).toBe("question");
    expect(await ada.answer(third, "a deep ochre")).toMatchObject({ code: 0 });
    await ada.untilReceipt("t-2", "applied");
    expect(toldLast(ada)).toContain("a deep ochre");

    await ada.send("task", "ASK-DIALOG", "--id", "t-3");
    if (abilitiesOf(driver).question.holds === "yes") {
      const fourth = await ada.request("Which size?");
      expect(fourth.kind).toBe("question");
      expect(await ada.answer(fourth, "2")).toMatchObject({ code: 0 });
      await ada.untilReceipt("t-3", "applied");
      expect(toldLast(ada)).toContain("large");
      return;
    }
    if (driver.mode === "terminal") {
      // The dialog stands at its terminal alone, and the agent is shown as one that waits there.
      await ada.until("it waits for its user", ({ axes }) => axes.attention.value === "question");
      expect(await ada.openRequests()).toEqual([]);
      expect(await ada.life("t-3")).not.toContain("applied by turn");
      return;
    }
    // It has no such tool: its model is told so, and nobody is asked.
    await ada.untilReceipt("t-3", "applied");
    expect(toldLast(ada)).toMatch(/not found|does not exist|unknown|not available/i);
    expect(await ada.openRequests()).toEqual([]);
  },
  600_000,
);
