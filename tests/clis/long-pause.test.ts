// The contract, its long half: a pause in the middle of a turn, over a restart of the server.
import { expect, test } from "bun:test";
import { stays } from "../support/wait-for.ts";
import { allVariants } from "./all-drivers.ts";
import { abilitiesOf, nameOf } from "./cli-driver.ts";
import { startDriven } from "./driven-agent.ts";
import { hasRunSecond, letGo, pauseInTurn, twoSteps, twoStepsRules } from "./paused-in-turn.ts";

test.each(allVariants.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a pause lets the tool that runs end, holds the next one while no server runs, and until the next server's resume",
  async (_, driver) => {
    const askOwn = driver.ownTool("ask_human", { question: "Which colour?" });
    await using ada = await startDriven(driver, {
      task: twoSteps,
      script: {
        rules: [...twoStepsRules(driver), { match: "ASK-OWN", once: true, turn: askOwn }],
        fallback: { text: "Both are done." },
      },
    });
    await pauseInTurn(driver, ada);
    await ada.restartServe(async () => {
      await stays(() => !hasRunSecond(ada), {
        ...{ what: "the second tool is held", because: "the agent is paused", forMs: 1_000 },
      });
    });
    const isBack = ({ axes }: Awaited<ReturnType<typeof ada.agent>>) =>
      axes.link.value === "online" && axes.control.value === "paused";
    await ada.until("it is paused at the next server", isBack);
    await letGo(ada);

    // A pause that is taken back before a tool came: only what would have held any tool was a pause.
    const holdsEveryTool = abilitiesOf(driver).pause.holds === "yes";
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
