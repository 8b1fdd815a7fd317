// The inbox page in real Chromium: requests that come by themselves, a draft that stays, an answer that arrives.
import { expect, test } from "bun:test";
import { startBridge } from "../support/bridges.ts";
import { startChromium } from "../support/chromium.ts";
import { startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { startModelServer } from "../support/model-server.ts";
import { startHeadless } from "../support/steered-claude.ts";

test("a question comes onto the page, a draft outlives the next one, and the answer reaches the agent", async () => {
  await using serve = await startServe();
  await using browser = await startChromium();
  await using ada = await startBridge(serve, "ada");
  await initialize(ada);
  const page = await browser.newPage({ width: 360, height: 740 });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/inbox`);
  await page.waitForSelector("html.live");
  await page.locator("main").getByText("Nothing needs you").waitFor();

  const first = callTool(ada, 1, "ask_human", { question: "what next?" });
  first.catch(() => undefined); // awaited below, unless the page fails before
  await page.locator("main").getByText("what next?").waitFor();
  await page.waitForFunction(() => document.title.startsWith("(1) Inbox"));
  await page.getByLabel("Answer", { exact: true }).fill("write the docs");
  const choices = ["the very left one of all the ways there are", "right"];
  const second = callTool(ada, 2, "ask_human", { question: "which way?", choices });
  second.catch(() => undefined);
  await page.getByRole("button", { name: "right" }).waitFor();
  expect(await page.getByLabel("Answer", { exact: true }).inputValue()).toBe("write the docs");
  await page.waitForFunction(() =>
    document.querySelector("#inbox-link .count")?.textContent?.startsWith("2"),
  );
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

  await page.getByRole("button", { name: "Answer" }).first().click();
  expect(JSON.parse((await first).text)).toMatchObject({ answer: "write the docs", by: "operator (page)" });
  await page.locator("main").getByText("ada has got it").waitFor();
  // By a key: a click so soon after another request has gone from this place would be refused.
  await page.getByRole("button", { name: "right" }).press("Enter");
  expect(JSON.parse((await second).text)).toMatchObject({ answer: "right" });
  await page.locator("main").getByText("Nothing needs you").waitFor();
  expect(browser.problems).toEqual([]);
});

test("what Claude asks by its own dialog is ticked and typed on the page, a draft stays, and the model is given it", async () => {
  await using serve = await startServe();
  await using browser = await startChromium();
  const option = (label: string) => ({ label, description: `take ${label} for all of them` });
  const questions = [
    { question: "Which way?", header: "Way", multiSelect: false, options: ["left", "right"].map(option) },
    { question: "Which sizes?", header: "Sizes", multiSelect: true, options: ["S", "M", "L"].map(option) },
    { question: "Which name?", header: "Name", multiSelect: false, options: ["Ada", "Eve"].map(option) },
  ];
  await using model = await startModelServer({
    rules: [
      {
        match: "ask me",
        once: true,
        turn: { toolUses: [{ name: "AskUserQuestion", input: { questions } }] },
      },
    ],
  });
  await using _hal = await startHeadless(serve, {
    ...{ id: "hal", model, profile: { permissions: "inbox" }, args: ["--task", "ask me"] },
  });
  await using ada = await startBridge(serve, "ada");
  await initialize(ada);
  const page = await browser.newPage({ width: 360, height: 740 });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/inbox`);
  await page.waitForSelector("html.live");
  await page.getByRole("group", { name: "Which way?" }).getByLabel("right").check();
  const sizes = page.getByRole("group", { name: "Which sizes?" });
  await sizes.getByLabel("S", { exact: false }).first().check();
  await sizes.getByLabel("L", { exact: false }).last().check();
  await sizes.getByLabel("And in words").fill("and one to spare");
  // One is not answered yet: the page says which, and keeps what there is.
  const name = page.getByRole("group", { name: "Which name?" });
  await page.getByRole("button", { name: "Answer all 3" }).click();
  const told = (field: HTMLElement) => (field as HTMLInputElement).validationMessage;
  expect(await name.getByLabel("Ada").evaluate(told)).toBe("Choose one, or answer in words.");
  await name.getByLabel("Or in words").fill("Zoë");
  expect(await name.getByLabel("Ada").evaluate(told)).toBe("");
  const other = callTool(ada, 1, "ask_human", { question: "what next?" });
  other.catch(() => undefined); // ended with its bridge
  await page.locator("main").getByText("what next?").waitFor();
  expect(await page.locator("input:checked").count()).toBe(3);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

  await page.getByRole("button", { name: "Answer all 3" }).click();
  const given = '"Which way?"="right", "Which sizes?"="S, L, and one to spare", "Which name?"="Zoë"';
  await model.waitForRequest(
    ({ body }) => JSON.stringify(body.messages).includes(JSON.stringify(given).slice(1, -1)),
    { what: "the model has the answers" },
  );
  await page.locator("main").getByText("hal has got it").waitFor();
  expect(browser.problems).toEqual([]);
});
