// The contract, its long half: the terminal of each agent CLI that has one, seen and typed to from another terminal.
import { expect, test } from "bun:test";
import { attachTo, foreignSequences } from "../support/attached.ts";
import { startServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";
import { allDrivers } from "./all-drivers.ts";
import { nameOf } from "./cli-driver.ts";
import { joinFleet } from "./fleet-member.ts";

const withTerminal = allDrivers.filter(({ mode }) => mode === "terminal");
const longAnswer = Array.from({ length: 120 }, (_, line) => `This is line ${line + 1}.`).join("\n\n");

test.each(withTerminal.map((driver) => [nameOf(driver), driver] as const))(
  "%s: a person sees its terminal on another one, types there, looks back, and leaves; the agent goes on",
  async (_, driver) => {
    await using serve = await startServe();
    const rules = [
      { match: "BEGIN-NOW", once: true, turn: { text: longAnswer } },
      { match: "typed from afar", once: true, turn: { text: "I read the keys." } },
    ];
    const script = { rules, fallback: { text: "It is done." } };
    await using ada = await joinFleet(serve, "ada", driver, { script });
    await serve.run(["send", "task", "ada", "BEGIN-NOW", "--id", "t-1"]);
    await ada.until("its task is done", (agent) =>
      lifeOf(agent, "t-1").some((state) => /^applied/.test(state)),
    );

    await using kim = await attachTo(serve, "kim", ["attach", "ada"], { columns: 170, rows: 55 });
    await kim.waitFor("you type");
    await kim.waitFor("This is line 120.");
    await kim.enter("this is typed from afar");
    await kim.waitFor("I read the keys.");
    await ada.terminal?.waitFor("I read the keys.");
    // The terminal may show the answer before the fleet knows of the turn.
    const log = async () => (await serve.run(["log", "ada"])).stdout;
    const isKept = async () => (await log()).includes("I read the keys.");
    await waitFor(isKept, { what: "the log has the answer", saw: log });
    await ada.until("its turn is over", ({ status }) => status === "idle");

    // A program on the alternate screen keeps its own past; of the others, what has left the screen can be seen.
    const { above } = (await (await serve.fetch("/api/agents/ada/screen")).json()) as {
      readonly above?: object;
    };
    if (above !== undefined) {
      await kim.keys("M-PPage");
      await kim.waitFor("looking back, row ");
      await kim.keys("Space");
      await kim.waitFor("you type");
    }

    await kim.keys("C-\\");
    await kim.waitFor(/^left; ada goes on\. To come back: cliai attach ada\nended with 0$/m);
    expect(foreignSequences(await kim.written())).toEqual([]);
    const isTold = async () => /kim typed \d+ characters/.test(await log());
    await waitFor(isTold, { what: "the audit has how much was typed", saw: log });
    expect(await log()).toContain("this is typed from afar");
    expect(await log()).toContain("kim types at its terminal");
    expect(await serve.run(["send", "stop", "ada", "--wait", "applied", "--timeout", "60"])).toMatchObject({
      code: 0,
    });
  },
  600_000,
);
