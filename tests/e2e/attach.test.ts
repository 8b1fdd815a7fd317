// `cliai attach` on terminals (tmux): the real Claude Code, which is watched and typed to from other terminals than its own, and goes on when
// its own one is closed.
import { expect, test } from "bun:test";
import { attachTo, foreignSequences } from "../support/attached.ts";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { startSteered } from "../support/steered-claude.ts";
import { until } from "../support/wait-for.ts";

test("an agent is seen and typed to from another terminal, one person at a time, and goes on when its own window is closed", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      { match: "count the files", turn: { text: "There are seven of them." } },
      { match: "and the folders", turn: { text: "Two folders only." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, outlivesTerminal: true });
  await using kim = await attachTo(serve, "kim", ["attach", "ada"], { columns: 170, rows: 55 });
  await kim.waitFor("you type");
  await kim.enter("count the files");
  await kim.waitFor("There are seven of them.");
  await ada.terminal.waitFor("There are seven of them.");
  await using lea = await attachTo(serve, "lea");
  // Its own window is open and decides the size, so only a part fits.
  await lea.waitFor(
    /^ ada · kim types there · press a key to type · rows \d+-\d+ of 160×50, the size of its own/m,
  );
  await lea.type("x");
  await lea.waitFor("kim types there: take the keyboard over? y/n");
  await lea.type("y");
  await lea.waitFor("you type");
  await kim.waitFor("lea took the keyboard");

  await ada.terminal.close();
  // Now the size is that of whoever types.
  await lea.resize(100, 28);
  await until("it has lea's size", async () => {
    const response = await serve.fetch("/api/agents/ada/screen");
    const { columns, rows, typist } = (await response.json()) as Record<string, unknown>;
    return columns === 100 && rows === 27 && typist === "lea";
  });
  await lea.enter("and the folders");
  await lea.waitFor("Two folders only.");
  await kim.waitFor("Two folders only.");
  const page = await (await serve.fetch("/agents/ada/terminal")).text();
  expect(page).toContain("Two folders only.");
  expect(page).toContain("lea types there");

  await lea.keys("C-\\");
  await lea.waitFor(/^left; ada goes on\. To come back: cliai attach ada\nended with 0$/m);
  expect(await lea.variable("alternate_on")).toBe("0");
  expect(await lea.variable("cursor_flag")).toBe("1");
  const log = (await serve.run(["log", "ada"])).stdout;
  expect(log).toContain("kim types at its terminal");
  expect(log).toContain("lea types at its terminal, and took the keyboard from kim");
  expect(log).toMatch(/kim typed \d+ characters at its terminal/);

  expect(await serve.run(["send", "stop", "ada", "--wait", "applied", "--timeout", "60"])).toMatchObject({
    code: 0,
  });
  await kim.waitFor(/^ada has ended\nended with 0$/m);
  // Claude sets a title, and asks for keys in another form: nothing of that is for the terminal of a viewer.
  const written = await kim.written();
  expect(foreignSequences(written)).toEqual([]);
});

test("attach says why there is no terminal to see", async () => {
  await using serve = await startServe();
  const plain = await serve.run(["attach", "ada"]);
  expect([plain.code, plain.stderr]).toEqual([
    2,
    "error: attach needs a terminal, and there is none\nhint: cliai log ada --follow\n",
  ]);
  await using kim = await attachTo(serve, "kim");
  await kim.waitFor(/^error: .*"ada".*\nhint: list the agents: cliai ls\nended with 2$/m);
});
