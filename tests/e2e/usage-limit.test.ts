// Usage limits with the real CLIs, offline: each reaches its limit in its own form, two agents of its account wait for the end, and go on.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import type { CliDriver } from "../clis/cli-driver.ts";
import type { DrivenTurn } from "../clis/driven-turn.ts";
import { claudeHeadless } from "../clis/drivers/claude.ts";
import { codexHeadless } from "../clis/drivers/codex.ts";
import { opencodeHeadless } from "../clis/drivers/opencode.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { patienceMs, waitFor } from "../support/wait-for.ts";

/** How long the limit lasts, in seconds: services tell its end in whole ones. */
const limitS = 30;

/** What the service of a plan answers at its limit. */
const limitOf: Readonly<Record<string, (endS: number) => NonNullable<DrivenTurn["error"]>>> = {
  claude: (endS) => ({
    ...{
      status: 429,
      type: "rate_limit_error",
      message: "This request would exceed your account's rate limit.",
    },
    headers: {
      "x-should-retry": "false",
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(endS),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-5h-status": "rejected",
      "anthropic-ratelimit-unified-5h-reset": String(endS),
      "anthropic-ratelimit-unified-5h-utilization": "1.0",
    },
  }),
  codex: (endS) => ({
    ...{ status: 429, type: "usage_limit_reached", message: "The usage limit has been reached" },
    headers: {
      "x-codex-primary-used-percent": "100",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-at": String(endS),
    },
    fields: { plan_type: "plus", resets_at: endS },
  }),
};

test.concurrent.each([claudeHeadless, codexHeadless].map((driver) => [driver.cli.name, driver] as const))(
  "%s: two agents of an account wait for the end of its limit, and ask their model nothing meanwhile, also over a restart of serve; the one whose turn has failed goes on",
  async (name, driver) => {
    await using dir = await tempDir();
    let isReached = false;
    let endS: number | undefined;
    const reached = (): DrivenTurn => {
      if (!isReached) return { text: "Done." };
      endS ??= Math.ceil(Date.now() / 1_000) + limitS;
      return { error: limitOf[name]?.(endS) ?? { status: 429 } };
    };
    await using model = await driver.startModel({ fallback: reached });
    const { work, env: given } = await driver.prepare(dir, model);
    const env = name === "claude" ? onPlan(given) : given;
    const serving = { dataDir: dir.join("data"), env };
    await using before = await startServe(serving);
    const untilBefore = await startTwo(driver, dir.join("config.json"), work, before);

    isReached = true;
    expect(await before.run(["send", "task", "ada", "WORK-ON", "--timeout", "80"])).toMatchObject({
      code: 0,
    });
    const isAtLimit = ({ axes }: AgentView) => axes.attention.until !== undefined;
    const ada = await untilBefore("ada", "it is at the limit", isAtLimit);
    expect(ada).toMatchObject({ status: "stuck", needs: [] });
    const end = new Date((endS ?? 0) * 1_000).toISOString();
    // As long as Codex has called no tool, nothing proves that its next one will be held.
    const isHeld = ({ status, axes }: AgentView) =>
      driver.provesHoldByTool ? axes.control.value === "pause_requested" : status === "held";
    const bob = await untilBefore("bob", "it is held", isHeld);
    expect(bob.axes.control.reason).toEndWith("usage limit");
    // Of the two, ada goes on first, and bob half a minute later.
    const turn = new Date(Date.parse(end) + 30_000).toISOString();
    expect(bob.holds).toMatchObject([{ reason: "usage_limit", cause: end, until: turn }]);
    const asked = model.requests.length;
    isReached = false;
    before.child.kill("SIGTERM");
    expect(await before.child.exit()).toMatchObject({ code: 0 });
    await using serve = await startServe(serving);
    const until = agentWaiter(serve);
    expect((await until("bob", "it is held on", isHeld)).holds).toEqual(bob.holds);

    const isOver = ({ commands }: AgentView) =>
      commands.some(
        ({ from, type, receipts }) => isGoOn({ from, type }) && receipts.at(-1)?.state === "applied",
      );
    const done = await until("ada", "it has gone on", isOver);
    const goOn = done.commands.find(isGoOn);
    expect(goOn?.receipts.map(({ state }) => state).join()).toBe("stored,delivered,injected,seen,applied");
    expect((goOn?.issued_at ?? "") >= end).toBe(true);
    expect(model.requests.length).toBe(asked + 1);
  },
  3 * patienceMs,
);

test.concurrent(
  "opencode: while it asks its model again by itself at a limit, another agent of its account is held; both go on when the model answers",
  async () => {
    await using dir = await tempDir();
    let isReached = false;
    const limited = { error: { status: 429, message: "Too Many Requests" } };
    await using model = await opencodeHeadless.startModel({
      fallback: () => (isReached ? limited : { text: "Done." }),
    });
    const { work, env } = await opencodeHeadless.prepare(dir, model);
    await using serve = await startServe({ dataDir: dir.join("data"), env });
    const until = await startTwo(opencodeHeadless, dir.join("config.json"), work, serve);
    isReached = true;
    expect(await serve.run(["send", "task", "ada", "WORK-ON", "--timeout", "80"])).toMatchObject({ code: 0 });
    await until("bob", "it is held", ({ status }) => status === "held");
    const ada = await until("ada", "it asks again", ({ status }) => status === "retrying");
    expect(ada.axes.activity.reason).toContain("usage limit: attempt");
    expect(ada.holds).toBeUndefined();
    // What is sent to bob meanwhile waits: its model is not asked.
    expect(await serve.run(["send", "task", "bob", "LATER", "--timeout", "80"])).toMatchObject({ code: 0 });
    isReached = false;
    const lastOf = ({ commands }: AgentView, text: string) =>
      commands.find(({ summary }) => summary === text)?.receipts.at(-1)?.state;
    await until("ada", "its task is done", (agent) => lastOf(agent, "WORK-ON") === "applied");
    await until("bob", "it goes on with its task", (agent) => lastOf(agent, "LATER") === "applied");
    const asked = model.requests.filter(({ newText }) => newText.includes("LATER"));
    expect(asked.length).toBe(1);
  },
  3 * patienceMs,
);

/** Returns a function that waits until an agent's view fits. */
function agentWaiter(serve: RunningServe) {
  return (id: string, what: string, fits: (agent: AgentView) => boolean) => {
    let last: AgentView | undefined;
    const look = async () => {
      last = (await (await serve.fetch(`/api/agents/${id}`)).json()) as AgentView;
      return fits(last) && last;
    };
    return waitFor(look, { what: `${id}: ${what}`, saw: () => last });
  };
}

/** Claude Code tells the end of a limit only to users of a plan, who have a token of their login instead of a key. */
function onPlan({ ANTHROPIC_API_KEY: _, ...env }: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, CLAUDE_CODE_OAUTH_TOKEN: `sk-ant-oat01-${"x".repeat(40)}` };
}

const isGoOn = ({ from, type }: { readonly from: string; readonly type: string }) =>
  type === "task" && from === "cliai";

/** Starts ada and bob, of one profile, whose first turn says one thing. Returns the waiter for their views when both are idle again. */
async function startTwo({ cli, profile }: CliDriver, config: string, cwd: string, serve: RunningServe) {
  await writeFile(config, JSON.stringify({ agents: { driven: { cli: cli.name, ...profile } } }));
  const spawn = async (id: string) => {
    const flags = ["--task", "SAY-HELLO", "--id", id, "--headless", "--detach", "--config", config];
    const exit = await serve.run(["spawn", "driven", ...flags], { cwd });
    if (exit.code !== 0) throw new Error(exit.stderr);
  };
  await Promise.all([spawn("ada"), spawn("bob")]);
  const until = agentWaiter(serve);
  for (const id of ["ada", "bob"])
    await until(id, "its first turn is over", ({ status }) => status === "idle");
  return until;
}
