// inbox and answer against a real server, with real bridges for agents that ask.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

interface ShownAttention {
  readonly agent_id: string;
  readonly axes: { readonly attention: { readonly value: string; readonly reason: string } };
}

interface Listed {
  readonly request_id: string;
  readonly agent_id: string;
  readonly kind: string;
}

async function inboxOf(serve: RunningServe, agent: string): Promise<Listed[]> {
  const all = JSON.parse((await serve.run(["inbox", "--json"])).stdout) as Listed[];
  return all.filter(({ agent_id }) => agent_id === agent);
}

async function openOf(serve: RunningServe, agent: string): Promise<Listed> {
  return await waitFor(async () => (await inboxOf(serve, agent))[0], {
    what: `${agent}'s request is listed`,
  });
}

async function startAgent(serve: RunningServe, id: string): Promise<Child> {
  const bridge = await startBridge(serve, id);
  await initialize(bridge);
  return bridge;
}

describe("cliai inbox and answer", () => {
  let serve: RunningServe;
  beforeAll(async () => {
    serve = await startServe();
  });
  afterAll(() => serve[Symbol.asyncDispose]());

  test("rules says that none stands, and names a rule that there is not", async () => {
    const { code, stdout, stderr } = await serve.run(["rules"]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("no rule stands");
    expect((await serve.run(["rules", "--json"])).stdout.trim()).toBe("[]");
    const gone = await serve.run(["rules", "revoke", "r-0"]);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain('no rule "r-0"\nhint: cliai rules lists them');
  });

  test("a question is listed whole; its answer reaches the waiting call, and the second one comes too late", async () => {
    await using ada = await startAgent(serve, "ada");
    const question = `Which\nway \u001b[31mnow? ${"x".repeat(300)}`;
    const args = { question, choices: ["left", "right"], context: "at the fork", expires_s: 600 };
    const asked = callTool(ada, 1, "ask_human", args);
    const { request_id } = await openOf(serve, "ada");
    expect((await inboxOf(serve, "ada"))[0]).toMatchObject({
      kind: "question",
      question,
      choices: ["left", "right"],
      on_expiry: "expire",
      asked_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
    const { stdout } = await serve.run(["inbox"]);
    expect(stdout).toContain(`${request_id}  ada  question  `);
    expect(stdout).toContain("\n  Which\n  way ");
    expect(stdout).toContain(
      `${"x".repeat(300)}\n  1. left\n  2. right\n\n  at the fork\n  in 9 min: it goes unanswered`,
    );
    expect(stdout).not.toContain("\u001b");
    const attentionInLs = async () => {
      const agents = JSON.parse((await serve.run(["ls", "--json"])).stdout) as ShownAttention[];
      return agents.find(({ agent_id }) => agent_id === "ada")?.axes.attention;
    };
    const shown = await waitFor(
      async () => {
        const attention = await attentionInLs();
        return attention?.value === "question" && attention;
      },
      { what: "ls shows the question", saw: attentionInLs },
    );
    const { axes } = (await (await serve.fetch("/api/agents/ada")).json()) as ShownAttention;
    expect(axes.attention).toMatchObject({ value: "question", reason: shown.reason });

    const answered = await serve.run(["answer", request_id.slice(0, 6), "2"], { env: { USER: "ann" } });
    expect(answered).toMatchObject({
      code: 0,
      stdout: "answered ada: right\ndelivered to ada\n",
      stderr: "",
    });
    expect(JSON.parse((await asked).text)).toEqual({ request_id, answer: "right", by: "ann" });
    const inbox = await callTool(ada, 2, "check_inbox", {});
    expect(JSON.parse(inbox.text)).toMatchObject({ items: [] });

    const late = await serve.run(["answer", request_id, "1"]);
    expect(late).toMatchObject({ code: 5, stdout: "" });
    expect(late.stderr).toContain(`request ${request_id} is answered already by ann at `);
    const receipts = async () =>
      (await fetchAgent(serve, "ada")).commands[0]?.receipts.map(({ state }) => state);
    await waitFor(async () => (await receipts())?.includes("injected"), {
      what: "the receipt",
      saw: receipts,
    });
  });

  test("a stop is approved or refused with words; what is no verdict is refused with the form of one", async () => {
    await using ben = await startAgent(serve, "ben");
    const args = { reason: "all done", context: "", work_completed: "the parser" };
    const asked = callTool(ben, 1, "request_stop_approval", args);
    const { request_id } = await openOf(serve, "ben");
    expect((await serve.run(["inbox"])).stdout).toContain("work completed: the parser");
    for (const [words, said] of [
      [["yes"], "asks for approval, not for words"],
      [[], "needs the TEXT, --approve or --refuse"],
      [["--approve", "--refuse"], "exclude each other"],
      [["yes", "--approve"], '--approve takes no TEXT, but "yes" is given'],
    ] as const) {
      const run = await serve.run(["answer", request_id, ...words]);
      expect(run).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(said) });
    }
    const byAgent = await serve.run(["answer", "ben", "--approve"]);
    expect(byAgent).toMatchObject({ code: 2, stdout: "" });
    expect(byAgent.stderr).toContain("work completed: the parser");
    expect(byAgent.stderr).toContain(`hint: cliai answer ${request_id} --approve\n`);
    const refused = await serve.run(["answer", "ben", "--refuse", "--reason", "write the docs", "--json"]);
    expect(refused.code).toBe(0);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      request_id,
      agent_id: "ben",
      state: "answered",
      answer: { approved: false, reason: "write the docs" },
      delivery: "delivered",
    });
    expect(JSON.parse((await asked).text)).toMatchObject({
      approved: false,
      answer: expect.stringContaining("write the docs"),
    });
  });

  test("an answer to an agent that is away waits for it, and says so", async () => {
    const cleo = await startAgent(serve, "cleo");
    const asked = await callTool(cleo, 1, "ask_human", { question: "go on?", wait_s: 0 });
    expect(asked.text).toContain("the answer will come by check_inbox");
    cleo.endInput();
    await cleo.exit();
    await waitFor(async () => (await fetchAgent(serve, "cleo")).axes.link.value === "offline", {
      what: "cleo is away",
    });
    const { request_id } = await openOf(serve, "cleo");
    const answered = await serve.run(["answer", request_id, "yes"]);
    expect(answered.code).toBe(0);
    expect(answered.stdout).toMatch(
      /^answered cleo: yes\nnot delivered yet \(it is offline: .*\): it waits in cleo's queue\n$/,
    );
    await using back = await startAgent(serve, "cleo");
    const given = await waitFor(
      async () => {
        const { text } = await callTool(back, Math.floor(Math.random() * 1e9) + 1, "check_inbox", {});
        return JSON.parse(text).items.length > 0 && JSON.parse(text);
      },
      { what: "the answer is given" },
    );
    expect(given.items).toMatchObject([{ origin: "answer", request_id, text: "yes" }]);
  });

  test("an agent's id answers what it asks; if it asks several things, they are shown to choose from", async () => {
    await using eve = await startAgent(serve, "eve");
    expect(await serve.run(["answer", "eve", "yes"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: 'error: eve asks nothing now\nhint: give it an order: cliai send task eve "…"\n',
    });
    await callTool(eve, 1, "ask_human", { question: "red or blue?", wait_s: 0 });
    const { request_id } = await openOf(serve, "eve");
    const bare = await serve.run(["answer", "eve"]);
    expect(bare).toMatchObject({ code: 2, stdout: "" });
    expect(bare.stderr).toContain("\n  red or blue?\n");
    expect(bare.stderr).toContain(`hint: cliai answer ${request_id} "…"\n`);

    await callTool(eve, 2, "ask_human", { question: "big or small?", wait_s: 0 });
    await waitFor(async () => (await inboxOf(serve, "eve")).length === 2, { what: "both are listed" });
    const several = await serve.run(["answer", "eve", "blue"]);
    expect(several).toMatchObject({ code: 2, stdout: "" });
    for (const said of ["red or blue?", "big or small?", '"eve" can mean 2 requests']) {
      expect(several.stderr).toContain(said);
    }
    expect((await serve.run(["answer", request_id, "blue"])).code).toBe(0);
    expect(await serve.run(["answer", "eve", "small"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^answered eve: small\n/),
    });
    expect(await inboxOf(serve, "eve")).toEqual([]);
  });

  test("an unknown request is refused with near ids, and an empty inbox says so", async () => {
    await using dora = await startAgent(serve, "dora");
    await callTool(dora, 1, "ask_human", { question: "why?", wait_s: 0 });
    const { request_id } = await openOf(serve, "dora");
    const slip = `${request_id.slice(0, -1)}_`;
    expect(await serve.run(["answer", slip, "x"])).toMatchObject({
      code: 2,
      stderr: `error: no request "${slip}"\nhint: did you mean ${request_id}?\n`,
    });
    await callTool(dora, 2, "withdraw_request", { request_id });
    expect(await inboxOf(serve, "dora")).toEqual([]);
    expect(await serve.run(["answer", request_id, "x"])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("is withdrawn already"),
    });
  });
});

test("kill -9 of serve between the question and its answer: the agent that waits is given the answer, once", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using first = await startServe({ dataDir });
  await using ada = await startAgent(first, "ada");
  const asked = callTool(ada, 1, "ask_human", { question: "go on?", wait_s: 50 });
  const { request_id } = await openOf(first, "ada");
  first.child.kill("SIGKILL");
  await first.child.exit();

  const [port = 0, natsPort = 0] = [first.url, first.natsUrl].map((url) => Number(new URL(url).port));
  await using second = await startServe({ dataDir, port, natsPort });
  expect(await inboxOf(second, "ada")).toMatchObject([{ request_id, question: "go on?" }]);
  const answered = await second.run(["answer", request_id, "yes", "--timeout", "80"]);
  expect(answered).toMatchObject({ code: 0, stdout: expect.stringContaining("answered ada: yes\n") });
  expect(JSON.parse((await asked).text)).toMatchObject({ request_id, answer: "yes" });
  const inbox = await callTool(ada, 2, "check_inbox", {});
  expect(JSON.parse(inbox.text)).toMatchObject({ items: [] });
  expect(await inboxOf(second, "ada")).toEqual([]);
});
