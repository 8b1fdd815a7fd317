// The page as an operator steers by it: real Chromium, and the real Claude Code launched from it, offline.
import { expect, test } from "bun:test";
import { fetchAgent } from "../support/bridges.ts";
import { startChromium } from "../support/chromium.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("an agent is spawned from the form, its permission is given on its page, and pause all shows what became of each", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "make the file", once: true, turn: bash("echo '<b>made</b>' | tee made.txt") },
      { match: "<b>made</b>", turn: { text: "It is made." } },
    ],
  });
  const { work, env } = await prepareClaude(dir, model);
  const config = dir.join("config.json");
  const maker = { description: "makes files", permissions: "inbox" };
  await Bun.write(config, JSON.stringify({ agents: { looker: {}, maker } }));
  await using serve = await startServe({ env, args: ["--config", config] });
  await using browser = await startChromium();
  const page = await browser.newPage({ width: 360, height: 740 });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.goto(await serve.loginUrl());

  await page.getByRole("link", { name: "spawn an agent" }).click();
  await page.getByLabel("maker").check();
  await page.getByLabel("Task").fill("make the file");
  await page.getByLabel("Project folder").fill(`${work}/nowhere`);
  await page.getByLabel("Name").fill("mia");
  expect(await overflow()).toBe(0);
  await page.getByRole("button", { name: "Spawn" }).click();
  await page.getByText("is not a directory").waitFor();
  expect(await page.getByLabel("Task").inputValue()).toBe("make the file");
  expect(await page.getByLabel("maker").isChecked()).toBe(true);
  await page.getByLabel("Project folder").fill(work);
  await page.getByRole("button", { name: "Spawn" }).click();
  await page.getByRole("heading", { name: "mia", exact: true }).waitFor();

  // It comes onto the page by itself, with the exact input as the text that it is.
  const input = page.getByRole("group", { name: "The command" });
  await input.getByText("echo '<b>made</b>' | tee made.txt").waitFor();
  expect(await input.evaluate((element) => getComputedStyle(element).fontFamily)).toContain("mono");
  expect(await overflow()).toBe(0);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.locator("#agent-head").getByText("idle").waitFor();
  expect(new URL(page.url()).pathname).toBe("/agents/mia");
  expect((await Bun.file(`${work}/made.txt`).text()).trim()).toBe("<b>made</b>");
  expect(await page.getByRole("button", { name: "Resume" }).isDisabled()).toBe(true);
  await page.getByRole("link", { name: "Cost", exact: true }).click();
  await page.locator("#agent-usage").getByText("by its CLI's estimate", { exact: false }).waitFor();
  await page.getByRole("link", { name: "Commands", exact: true }).click();
  await page.locator("#agent-commands .ways").getByText("stream-json").waitFor();

  await page.getByRole("link", { name: "Pause all" }).click();
  await page.getByText("This agent; uncheck those to leave out").waitFor();
  expect(await page.getByRole("checkbox", { name: "mia" }).isChecked()).toBe(true);
  await page.getByRole("button", { name: /^Pause \d+ agents?$/ }).click();
  await page.getByText("pause: applied by 1 of 1").waitFor();
  await page.getByRole("link", { name: "mia" }).click();
  await page.locator("#agent-head").getByText("paused").waitFor();
  expect(await page.getByRole("button", { name: "Pause", exact: true }).isDisabled()).toBe(true);
  // The buttons follow without a reload.
  await page.waitForSelector("html.live");
  await page.getByRole("button", { name: "Resume" }).click();
  await waitFor(() => page.getByRole("button", { name: "Resume" }).isDisabled(), { what: "it is resumed" });
  expect(await page.getByRole("button", { name: "Pause", exact: true }).isDisabled()).toBe(false);

  await page.goto(`${serve.url}/bulk/stop`);
  await page.getByRole("button", { name: /^Stop \d+ agents?$/ }).click();
  await page.getByText("stop: applied by 1 of 1").waitFor();
  await waitFor(async () => (await fetchAgent(serve, "mia")).status === "stopped", {
    what: "mia is stopped",
  });
  const refused = (problem: string) => problem.startsWith(`${serve.url}/spawn: Failed to load resource`);
  expect(browser.problems.filter((problem) => !refused(problem))).toEqual([]);
});
