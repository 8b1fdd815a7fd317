// What an agent meets by itself is shown, with what a person can do about it: a tool that its CLI's rules refuse, a service that
// does not answer. With the real Claude Code, offline.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

test("a tool that no rule allows is shown with the line that allows it, and that line does", async () => {
  await using serve = await startServe();
  const rules = [
    { match: "make it", turn: bash("touch made.txt") },
    { match: /requires approval|haven't granted|require approval/, turn: { text: "I may not." } },
  ];
  await using model = await startModelServer({ rules });
  let line = "";
  {
    await using agent = await startHeadless(serve, { id: "ada", model, profile: { permissions: "cli" } });
    await serve.run(["send", "task", "ada", "make it"]);
    const refused = await agent.until("the refusal is shown, after the turn as well", ({ axes, status }) => {
      return axes.attention.value === "refused" && status === "idle";
    });
    expect(refused.axes.attention.reason).toBe("Bash: no rule allows it");
    expect((await serve.run(["ls"])).stdout).toContain("▲ was refused: Bash: no rule allows it");
    line = /"allowed_tools": \[.*?\]/.exec((await serve.run(["show", "ada"])).stdout)?.[0] ?? "";
    expect(line).toBe('"allowed_tools": ["Bash(touch made.txt)"]');
    const audit = await serve.run(["audit", "--agent", "ada", "--kind", "tool_denied", "--json"]);
    expect(JSON.parse(audit.stdout.split("\n")[0] ?? "")).toMatchObject({
      message: { tool: "Bash", detail: "no rule allows it", remedy: expect.stringContaining(line) },
    });
    const page = await (await serve.fetch("/agents/ada")).text();
    expect(page).toContain("Bash: no rule allows it");
    expect(existsSync(join(agent.cwd, "made.txt"))).toBe(false);
    // The next prompt is a new start.
    await serve.run(["send", "task", "ada", "never mind"]);
    await agent.until("it is over with the next prompt", ({ axes }) => axes.attention.value === "none");
  }
  const profile = { permissions: "cli", ...JSON.parse(`{${line}}`) };
  await using allowed = await startHeadless(serve, { id: "bob", model, profile });
  await serve.run(["send", "task", "bob", "make it"]);
  await allowed.until("it has done so", ({ commands, status }) => {
    return status === "idle" && commands.some(({ receipts }) => receipts.at(-1)?.state === "applied");
  });
  expect(existsSync(join(allowed.cwd, "made.txt"))).toBe(true);
});

test("on a terminal a tool that the settings refuse is shown as well", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ rules: [{ match: "make it", turn: bash("touch made.txt") }] });
  const userSettings = { permissions: { deny: ["Bash(touch:*)"] } };
  await using agent = await startSteered(serve, { id: "ada", model, userSettings });
  await agent.terminal.enter("make it");
  const refused = await agent.until("it is shown", ({ axes }) => axes.attention.value === "refused");
  expect(refused.axes.attention).toMatchObject({
    reason: "Bash: a rule of its settings refuses it",
    hint: expect.stringContaining("permissions.deny"),
  });
  await agent.until("the turn is over", ({ status }) => status === "idle");
});

test("requests that the CLI makes again read retrying, until it goes on", async () => {
  await using serve = await startServe();
  const overloaded = { error: { status: 529, type: "overloaded_error", message: "Overloaded" } };
  await using model = await startModelServer({ turns: [overloaded, overloaded, overloaded] });
  await using agent = await startHeadless(serve, { id: "ada", model });
  await serve.run(["send", "task", "ada", "look"]);
  const retrying = await agent.until("it is retrying", ({ status }) => status === "retrying");
  expect(retrying.axes.activity.reason).toMatch(/^[1-3]\/\d+: 529 overloaded$/);
  expect(retrying.axes.attention.value).toBe("none");
  expect((await serve.run(["ls"])).stdout).toMatch(/↻ retrying \d\/\d+: 529 overloaded|idle/);
  await agent.until("it has gone on", ({ status }) => status === "idle");
});

test("a service that does not know the agent wants a person at the first try", async () => {
  await using serve = await startServe();
  const unknown = { error: { status: 401, type: "authentication_error", message: "invalid x-api-key" } };
  await using model = await startModelServer({ turns: [unknown, unknown], fallback: { text: "Here." } });
  await using agent = await startHeadless(serve, { id: "ada", model });
  await serve.run(["send", "task", "ada", "look"]);
  const stuck = await agent.until("it wants a person", ({ axes }) => axes.attention.value === "stuck");
  expect(stuck.axes.attention.reason).toMatch(
    /^authentication failed: its CLI tries again, [12]\/\d+: 401 authentication_failed$/,
  );
  expect(stuck.status).toBe("retrying");
  await agent.until("it goes on", ({ axes, status }) => status === "idle" && axes.attention.value === "none");
});

test("without a terminal an agent asks in the inbox; nobody answers: it is told no, and goes on, or is held", async () => {
  await using serve = await startServe();
  const answer = { text: "I went on without it." };
  await using model = await startModelServer({
    rules: [
      { match: "make it", turn: bash("touch made.txt") },
      { match: "Nobody has answered within 2 s whether you may use Bash", turn: answer },
    ],
  });
  {
    await using agent = await startHeadless(serve, { id: "ada", model, profile: { unanswered_after_s: 2 } });
    await serve.run(["send", "task", "ada", "make it"]);
    const asks = await agent.until("it asks", ({ axes }) => axes.attention.value === "approval");
    expect(asks.axes.attention.reason).toContain("Bash");
    await model.waitForRequest(({ newText }) => newText.includes("Nobody has answered within 2 s"), {
      what: "the model is told",
    });
    await agent.until("it has gone on, and ended its turn", ({ commands, status }) => {
      return status === "idle" && commands.some(({ receipts }) => receipts.at(-1)?.state === "applied");
    });
    expect(existsSync(join(agent.cwd, "made.txt"))).toBe(false);
  }
  const profile = { unanswered_after_s: 2, unanswered: "hold" };
  await using held = await startHeadless(serve, { id: "bob", model, profile });
  await serve.run(["send", "task", "bob", "make it"]);
  const asked = async () => {
    const response = await serve.fetch("/api/requests");
    const requests = (await response.json()) as { request_id: string; agent_id: string; state: string }[];
    return requests.filter(({ agent_id }) => agent_id === "bob");
  };
  const first = await waitFor(async () => (await asked())[0]?.request_id, { what: "it asks" });
  const again = await waitFor(
    async () => (await asked()).find(({ request_id, state }) => state === "asked" && request_id !== first),
    { what: "it asks again" },
  );
  expect(await serve.run(["answer", again.request_id, "--approve"])).toMatchObject({ code: 0 });
  await held.until("it has done so", ({ status }) => status === "idle");
  expect(existsSync(join(held.cwd, "made.txt"))).toBe(true);
});

test("a CLI that asks at its terminal before it begins is seen to wait there, and no more once it is answered", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using agent = await startSteered(serve, { id: "ada", model, isUntrusted: true });
  await agent.terminal.waitFor("Yes, I trust this folder");
  await agent.until("it waits at its terminal", ({ axes }) => axes.attention.value === "terminal");
  const { stdout } = await serve.run(["ls"]);
  expect(stdout).toContain("! waits at its terminal: it may ask whether it trusts this folder");
  expect(await (await serve.fetch("/")).text()).toContain(
    "terminal: it may ask whether it trusts this folder",
  );
  await agent.terminal.keys("Down", "Enter");
  await agent.until(
    "it has begun",
    ({ axes, status }) => axes.attention.value === "none" && status === "idle",
  );
});

test("an agent that was launched with a task is never shown as idle before it has begun with it", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ turns: [{ text: "Seen.", delayMs: 1_000 }] });
  const shown: string[] = [];
  await using ended = new AsyncDisposableStack();
  const looking = new AbortController();
  const look = async () => {
    while (!looking.signal.aborted) {
      const response = await serve.fetch("/api/agents/ada");
      const { status = "" } = response.ok ? ((await response.json()) as { status: string }) : {};
      if (status !== "" && shown.at(-1) !== status) shown.push(status);
    }
  };
  const watched = look();
  ended.defer(async () => {
    looking.abort();
    await watched;
  });
  await using agent = await startHeadless(serve, { id: "ada", model, args: ["--task", "look"] });
  await agent.until("its turn is over", ({ status }) => shown.includes("working") && status === "idle");
  looking.abort();
  await watched;
  expect(shown.slice(0, shown.indexOf("working"))).not.toContain("idle");
  expect(shown[0]).toBe("starting");
});

test("on a terminal the screen shows that the CLI asks its model again, and the agent reads so until it goes on", async () => {
  await using serve = await startServe();
  const unknown = { error: { status: 401, type: "authentication_error", message: "invalid x-api-key" } };
  await using model = await startModelServer({ fallback: unknown });
  await using agent = await startSteered(serve, { id: "ada", model });
  await agent.terminal.enter("look");
  const stuck = await agent.until("it is retrying", ({ axes, status }) => {
    return status === "retrying" && axes.attention.value === "stuck";
  });
  expect(stuck.axes.activity.reason).toMatch(/^\d+\/\d+: 401 invalid x-api-key$/);
  model.setScript({ fallback: { text: "Here." } });
  await agent.until(
    "it has gone on",
    ({ axes, status }) => status === "idle" && axes.attention.value === "none",
    60_000,
  );
});
