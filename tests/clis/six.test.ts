// Six agent CLIs in one fleet, each as a person meets it: all get a task; one is paused, one asks, one wants a permission and is answered
// on the page while its terminal stands open, one is stopped in a tool, and the person types at the terminals of two meanwhile.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { fetchAgent } from "../support/bridges.ts";
import { startChromium } from "../support/chromium.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { stays, waitFor } from "../support/wait-for.ts";
import type { OpenItem } from "./agent-view.ts";
import { processesIn } from "./agent-view.ts";
import type { CliDriver } from "./cli-driver.ts";
import type { DrivenTurn } from "./driven-turn.ts";
import { geminiHeadless } from "./drivers/acp.ts";
import { claudeTerminal } from "./drivers/claude.ts";
import { codexTerminal } from "./drivers/codex.ts";
import { copilotTerminal } from "./drivers/copilot.ts";
import { opencodeTerminal } from "./drivers/opencode.ts";
import { qwenTerminal } from "./drivers/qwen.ts";
import { joinFleet, type Member } from "./fleet-member.ts";

/** What each does with its task. */
const six: readonly (readonly [id: string, driver: CliDriver, turn: DrivenTurn])[] = [
  ["cleo", claudeTerminal, claudeTerminal.shell("touch made")],
  ["cody", codexTerminal, { text: "Cody has begun." }],
  ["opal", opencodeTerminal, { text: "Opal has begun." }],
  ["quinn", qwenTerminal, qwenTerminal.ownTool("ask_human", { question: "Which colour?" })],
  ["gem", geminiHeadless, geminiHeadless.shell("echo $$ > pid; sleep 600")],
  ["cop", copilotTerminal, copilotTerminal.shell("touch made")],
];

test("six agents on six CLIs: each gets its task, and a person pauses, answers, permits, stops and types, each at one of them", async () => {
  await using serve = await startServe();
  await using browser = await startChromium();
  await using parts = new AsyncDisposableStack();
  const members = new Map<string, Member>();
  for (const [id, driver, turn] of six) {
    const typed = { match: "typed by hand", once: true, turn: { text: "I read the keys." } };
    const rules = [{ match: "BEGIN-NOW", once: true, turn }, typed];
    const script = { rules, fallback: { text: "It is done." } };
    members.set(id, parts.use(await joinFleet(serve, id, driver, { script })));
  }
  const memberOf = (id: string) => {
    const member = members.get(id);
    if (member === undefined) throw new Error(`no ${id}`);
    return member;
  };
  const page = await browser.newPage();
  await page.goto(await serve.loginUrl());
  await page.waitForSelector("html.live");
  for (const [id, { cli }] of six) {
    await page.locator("main").getByText(id, { exact: true }).first().waitFor();
    expect((await serve.run(["ls"])).stdout).toMatch(new RegExp(`^${id} .* ${cli.name} `, "m"));
  }

  // One is paused, and all get a task.
  await send(serve, "pause", "cop");
  for (const [id] of six) await send(serve, "task", id, "BEGIN-NOW", "--id", `t-${id}`);
  const { until: untilCop, work: workOfCop } = memberOf("cop");
  await untilCop("its tool is held", ({ axes }) => axes.control.value === "paused");

  // Its person types at Codex's and OpenCode's own terminals, and sees there what cliai sent.
  for (const id of ["cody", "opal"]) await typesBeside(serve, memberOf(id));

  // One asks, and one wants a permission: both are answered on the page, while their terminals stand open.
  const { terminal, work, until } = memberOf("cleo");
  await terminal?.waitFor("Do you want to proceed?");
  expect(existsSync(`${work}/made`)).toBe(false);
  await page.goto(`${serve.url}/inbox`);
  await page.waitForSelector("html.live");
  await pressOn(page, await asked(serve, "cleo"), "approve");
  await until("its task is done", (agent) => lifeOf(agent, "t-cleo").some((state) => /^applied/.test(state)));
  expect(existsSync(`${work}/made`)).toBe(true);
  await terminal?.waitFor((screen) => !screen.includes("Do you want to proceed?"));
  const question = await asked(serve, "quinn");
  await formOf(page, question).locator("textarea").fill("a deep ochre");
  await formOf(page, question).getByRole("button", { name: "Answer" }).press("Enter");
  const { until: untilQuinn, model: modelOfQuinn } = memberOf("quinn");
  await untilQuinn("its task is done", (agent) =>
    lifeOf(agent, "t-quinn").some((state) => /^applied/.test(state)),
  );
  expect(modelOfQuinn.requests.some(({ newText }) => newText.includes("a deep ochre"))).toBe(true);

  // One is stopped in its tool.
  await pressOn(page, await asked(serve, "gem"), "approve");
  await isStoppedInTool(serve, memberOf("gem"));

  // The paused one has waited all the time.
  const because = "it is paused";
  await stays(() => !existsSync(`${workOfCop}/made`), { what: "its tool is held", because, forMs: 500 });
  await send(serve, "resume", "cop", "--wait", "applied");
  await pressOn(page, await asked(serve, "cop"), "approve");
  await untilCop("its task is done", (agent) =>
    lifeOf(agent, "t-cop").some((state) => /^applied/.test(state)),
  );
  expect(existsSync(`${workOfCop}/made`)).toBe(true);

  for (const [id] of six) {
    const life = lifeOf(await fetchAgent(serve, id), `t-${id}`);
    expect({ id, life: life.slice(0, 2), isSeen: life.includes("seen") }).toEqual({
      ...{ id, life: ["stored", "delivered"], isSeen: true },
    });
  }
  expect(browser.problems).toEqual([]);
}, 1_200_000);

async function send(serve: RunningServe, ...words: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await serve.run(["send", ...words, "--timeout", "100"], {
    deadlineMs: 120_000,
  });
  expect({ words, code, stdout, stderr }).toMatchObject({ code: 0 });
}

async function typesBeside(serve: RunningServe, { id, terminal, until }: Member): Promise<void> {
  if (terminal === undefined) throw new Error(`${id} has no terminal`);
  await until("its task is done", (agent) =>
    lifeOf(agent, `t-${id}`).some((state) => /^applied/.test(state)),
  );
  await terminal.waitFor("BEGIN-NOW");
  await terminal.waitFor(/(Cody|Opal) has begun/);
  await terminal.enter("this is typed by hand");
  await terminal.waitFor("I read the keys.");
  // The terminal may show the answer before the fleet knows of the turn.
  const log = async () => (await serve.run(["log", id])).stdout;
  const isKept = async () => {
    const lines = await log();
    return lines.includes("this is typed by hand") && lines.includes("I read the keys.");
  };
  await waitFor(isKept, { what: `the log of ${id} has what was typed and said`, saw: log });
  await until("its turn is over", ({ status }) => status === "idle");
}

async function isStoppedInTool(serve: RunningServe, { id, work, until }: Member): Promise<void> {
  const pidOf = () => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim();
  const pid = Number(await waitFor(pidOf, { what: `the tool of ${id} runs` }));
  await send(serve, "stop", id, "--force", "--wait", "applied");
  expect(await readProcessStart(pid)).toBeUndefined();
  await until("it is stopped", ({ axes }) => axes.control.value === "stopped");
  await waitFor(async () => (await processesIn(work)).length === 0, {
    ...{ what: `nothing of ${id} runs on`, saw: () => processesIn(work) },
  });
}

async function asked(serve: RunningServe, id: string): Promise<OpenItem> {
  const open = async () =>
    ((await (await serve.fetch("/api/requests")).json()) as readonly OpenItem[]).find(
      ({ agent_id }) => agent_id === id,
    );
  return await waitFor(open, { what: `${id} asks` });
}

function formOf(page: Page, { request_id }: OpenItem) {
  return page.locator(`form[data-answer="${request_id}"]`);
}

/** By a key: a click so soon after another request has gone from this place would be refused. */
async function pressOn(page: Page, item: OpenItem, verdict: "approve" | "refuse"): Promise<void> {
  await formOf(page, item).locator(`button[value="${verdict}"]`).press("Enter");
}
