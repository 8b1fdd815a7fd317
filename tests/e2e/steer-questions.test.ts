// What the real Claude Code asks its user by dialogs of its own, AskUserQuestion and ExitPlanMode: asked in the inbox where the
// profile says so, with a terminal and without, and answered to the model; shown as what it is where it stands at the terminal.
import { expect, test } from "bun:test";
import { type RunningServe, startServe } from "../support/cliai.ts";
import type { Turn } from "../support/model-answer.ts";
import { type ModelRequest, type ModelServer, type Rule, startModelServer } from "../support/model-server.ts";
import { acceptDialog, bash, lifeOf, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

const profile = { permissions: "inbox" };

interface Item {
  readonly request_id: string;
  readonly agent_id: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

async function nextItem(serve: RunningServe): Promise<Item> {
  const look = async () => (JSON.parse((await serve.run(["inbox", "--json"])).stdout) as Item[])[0];
  return await waitFor(look, { what: "a request in the inbox" });
}

function ask(question: string, labels: readonly string[], multiSelect = false) {
  const options = labels.map((label) => ({ label, description: `take ${label}` }));
  return { question, header: question.slice(6, 12), multiSelect, options };
}
const colour = ask("Which colour?", ["red", "green", "blue"]);
const sizes = ask("Which sizes?", ["S", "M", "L"], true);

function askUser(...questions: object[]): Turn {
  return { toolUses: [{ name: "AskUserQuestion", input: { questions } }] };
}

async function modelGot(model: ModelServer, text: string): Promise<void> {
  await model.waitForRequest(
    ({ body }) => JSON.stringify(body.messages).includes(JSON.stringify(text).slice(1, -1)),
    {
      what: `the model is given ${text}`,
    },
  );
}

/** As Claude has its model do in plan mode: it writes the plan into the file that it was named, and then asks. */
const plans: readonly Rule[] = [
  {
    match: "make a plan",
    once: true,
    turn: ({ body }: ModelRequest) => {
      const [, file_path] = /([^\s"'`\\]*plans\/[\w-]+\.md)/.exec(JSON.stringify(body)) ?? [];
      return { toolUses: [{ name: "Write", input: { file_path, content: "# The plan\n1. write tests\n" } }] };
    },
  },
  { match: "created successfully", once: true, turn: { toolUses: [{ name: "ExitPlanMode", input: {} }] } },
];

test("a question at a terminal is a question with its choices; a verdict is refused, and a number reaches the model", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [{ match: "ask me", once: true, turn: askUser(colour) }],
  });
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await ada.terminal.enter("ask me");
  const item = await nextItem(serve);
  expect(item).toMatchObject({
    ...{ agent_id: "ada", kind: "question", question: "Which colour?", choices: ["red", "green", "blue"] },
    questions: [{ question: "Which colour?", choices: [{ label: "red", description: "take red" }, {}, {}] }],
  });
  const { axes } = await ada.until("it waits", ({ status }) => status === "waiting");
  expect(axes.attention).toMatchObject({ value: "question", reason: "asks: Which colour?" });

  const { stdout } = await serve.run(["inbox"]);
  expect(stdout).toContain("  Which colour?\n  1. red – take red\n  2. green – take green\n");
  expect(stdout).toContain(`cliai answer ${item.request_id} 2, or in words`);
  const approved = await serve.run(["answer", item.request_id, "--approve"]);
  expect(approved).toMatchObject({ code: 2, stdout: "" });
  expect(approved.stderr).toContain(`is a question and needs words`);
  expect(approved.stderr).toContain(`cliai answer ${item.request_id} 2`);
  expect(await serve.run(["answer", item.request_id, "1,2"])).toMatchObject({ code: 2, stdout: "" });
  expect(await serve.run(["answer", item.request_id, "4"])).toMatchObject({ code: 2, stdout: "" });

  const answered = await serve.run(["answer", item.request_id, "2"]);
  expect(answered).toMatchObject({ code: 0, stdout: "answered ada: green\ndelivered to ada\n" });
  await modelGot(model, '"Which colour?"="green"');
  await ada.until("its turn is over", ({ status }) => status === "idle");
  const agent = await ada.until(
    "the answer was given by the hook alone",
    (shown) => lifeOf(shown, `answer-${item.request_id}`).length >= 2,
  );
  expect(lifeOf(agent, `answer-${item.request_id}`).at(-1)).toBe("injected by hook");
  const isDoubled = model.requests.some(({ newText }) => newText.includes(`answer-${item.request_id}`));
  expect(isDoubled).toBe(false);
});

test("several questions of one call are answered together, one of them by several numbers, one in words", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      { match: "ask me", once: true, turn: askUser(colour, sizes) },
      { match: "ask again", once: true, turn: askUser(sizes, colour) },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await ada.terminal.enter("ask me");
  const { request_id } = await nextItem(serve);
  const { stdout } = await serve.run(["inbox"]);
  expect(stdout).toContain("Question 1: Which colour?\n");
  expect(stdout).toContain("Question 2: Which sizes? (one or more)\n");
  expect(stdout).toContain(`cliai answer ${request_id} 2 1,3`);
  const one = await serve.run(["answer", request_id, "2"]);
  expect(one.code).toBe(2);
  expect(one.stderr).toContain(`request ${request_id} asks 2 questions, and got 1 answer`);
  const both = await serve.run(["answer", request_id, "a deep, warm ochre", "1,3", "--reason", "as before"]);
  expect(both).toMatchObject({
    code: 0,
    stdout:
      "answered ada: Which colour? a deep, warm ochre; Which sizes? S, L (as before)\ndelivered to ada\n",
  });
  await modelGot(model, '"Which colour?"="a deep, warm ochre", "Which sizes?"="S, L (as before)"');

  await ada.until("its turn is over", ({ status }) => status === "idle");
  await ada.terminal.enter("ask again");
  const second = await nextItem(serve);
  const response = await serve.fetch(`/api/requests/${second.request_id}/answer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ answers: [["S", "M"], "3"] }),
  });
  expect(response.status).toBe(200);
  await modelGot(model, '"Which sizes?"="S, M", "Which colour?"="blue"');
});

test("without a terminal as well: questions are asked in the inbox, and permissions", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      { match: "ask me", once: true, turn: askUser(sizes) },
      { match: /"S, M"/, once: true, turn: bash("echo made | tee made.txt") },
    ],
  });
  await using hal = await startHeadless(serve, { id: "hal", model, profile, args: ["--task", "ask me"] });
  const question = await nextItem(serve);
  expect(question).toMatchObject({ kind: "question", question: "Which sizes?", choices: ["S", "M", "L"] });
  expect(await serve.run(["answer", question.request_id, "1,2"])).toMatchObject({
    code: 0,
    stdout: "answered hal: S, M\ndelivered to hal\n",
  });
  await modelGot(model, '"Which sizes?"="S, M"');
  const permission = await waitFor(
    async () => {
      const item = await nextItem(serve);
      return item.kind === "permission" ? item : undefined;
    },
    { what: "the permission is asked for" },
  );
  expect(permission.context).toContain("echo made | tee made.txt");
  await serve.run(["answer", permission.request_id, "--approve"]);
  await waitFor(() => Bun.file(`${hal.cwd}/made.txt`).exists(), {
    what: "what was permitted",
  });
  await hal.until("its turn is over", ({ status }) => status === "idle");
});

test("a plan is approved, or refused with words that the model is given", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ rules: plans });
  const options = { model, profile, claudeArgs: ["--permission-mode", "plan"] };
  await using ada = await startSteered(serve, { id: "ada", ...options });
  await ada.terminal.enter("make a plan");
  const refused = await nextItem(serve);
  expect(refused).toMatchObject({
    ...{ kind: "permission", plan: true, question: "May it carry out this plan?" },
    context: "# The plan\n1. write tests\n",
  });
  expect((await serve.run(["inbox"])).stdout).toContain("ada  wants its plan approved");
  await serve.run(["answer", refused.request_id, "--refuse", "--reason", "add figures"]);
  await modelGot(model, "the plan is refused by");
  await modelGot(model, "add figures");

  model.setScript({ rules: plans });
  await using _hal = await startHeadless(serve, { id: "hal", ...options, args: ["--task", "make a plan"] });
  const approved = await waitFor(
    async () => {
      const item = await nextItem(serve);
      return item.agent_id === "hal" ? item : undefined;
    },
    { what: "hal's plan is shown" },
  );
  expect(approved).toMatchObject({ plan: true, context: "# The plan\n1. write tests\n" });
  const answered = await serve.run(["answer", approved.request_id, "--approve"]);
  expect(answered.stdout).toMatch(/^answered hal: the plan is approved by .*\ndelivered to hal\n$/);
  await modelGot(model, "You have exited plan mode");
});

test("where the dialog stands at the terminal, a question is one, a plan an approval, until it is answered there", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [{ match: "ask me", once: true, turn: askUser(colour) }, ...plans],
  });
  await using ada = await startSteered(serve, {
    ...{ id: "ada", model },
    claudeArgs: ["--permission-mode", "plan"],
  });
  await ada.terminal.enter("ask me");
  await ada.terminal.waitFor("Which colour?");
  const asks = await ada.until("it asks", ({ axes }) => axes.attention.value === "question");
  expect(asks.axes.attention.reason).toBe("waits for an answer: Which colour?");
  // Claude's own word for it comes seconds later, and calls it a permission.
  await waitFor(
    () =>
      serve
        .run(["audit", "--agent", "ada", "--json"])
        .then(({ stdout }) => stdout.includes("permission_prompt")),
    {
      what: "Claude has notified",
    },
  );
  expect((await ada.agent()).axes.attention.value).toBe("question");
  await ada.terminal.keys("Enter");
  await modelGot(model, '"Which colour?"="red"');
  await ada.until("it is answered", ({ axes }) => axes.attention.value === "none");

  await ada.terminal.enter("make a plan");
  const plan = await ada.until("it asks", ({ axes }) => axes.attention.value === "approval");
  expect(plan.axes.attention.reason).toContain("ExitPlanMode");
});

test("while serve is away a question stands at the terminal; without one the model is told that nobody can be asked", async () => {
  await using serve = await startServe();
  const later = { ...askUser(colour), delayMs: 3_000 };
  await using model = await startModelServer({
    rules: [{ match: "ask me", turn: later }],
  });
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await using _hal = await startHeadless(serve, { id: "hal", model, profile, args: ["--task", "ask me"] });
  await ada.terminal.enter("ask me");
  await waitFor(() => model.requests.filter(({ newText }) => newText.includes("ask me")).length >= 2, {
    what: "both are at work",
  });
  serve.child.kill("SIGTERM");
  await serve.child.exit();
  await model.waitForRequest(({ newText }) => newText.includes("Nobody can be asked for this now"), {
    what: "hal is told",
  });
  await ada.terminal.waitFor("Enter to select");
  await ada.terminal.keys("Down");
  await ada.terminal.keys("Enter");
  await modelGot(model, '"Which colour?"="green"');
});

test("what two background subagents wait for stands past the end of the turn, each until its own answer", async () => {
  await using serve = await startServe();
  const subagent = (prompt: string) => ({
    name: "Agent",
    input: { subagent_type: "general-purpose", description: prompt, prompt },
  });
  await using model = await startModelServer({
    rules: [
      { match: "begin now", once: true, turn: { toolUses: [subagent("make one"), subagent("make two")] } },
      { match: "make one", once: true, turn: bash("echo 1 | tee one.txt") },
      { match: "make two", once: true, turn: bash("echo 2 | tee two.txt") },
    ],
    fallback: { text: "Done." },
  });
  await using ada = await startSteered(serve, {
    ...{ id: "ada", model },
    claudeArgs: ["--permission-mode", "default"],
  });
  await ada.terminal.enter("begin now");
  const attention = async () => (await ada.agent()).axes.attention;
  await ada.until("both wait", ({ axes }) => axes.attention.reason.includes("(and 1 more)"));
  const hasEnded = async () => {
    const { stdout } = await serve.run(["audit", "--agent", "ada", "--json"]);
    return stdout.includes('"turn_end"');
  };
  await waitFor(hasEnded, { what: "the turn of the session itself ends" });
  expect(await attention()).toMatchObject({ value: "approval" });

  const made = async () => {
    const names = ["one.txt", "two.txt"];
    const isThere = await Promise.all(names.map((name) => Bun.file(`${ada.cwd}/${name}`).exists()));
    return names.filter((_, index) => isThere[index]);
  };
  const allow = (place: string, count: number) =>
    acceptDialog(ada.terminal, place, async () => (await made()).length === count);
  await allow("1 of 2", 1);
  const one = await ada.until("one still waits", ({ axes }) => !axes.attention.reason.includes("more"));
  const left = (await made()).includes("one.txt") ? "echo 2" : "echo 1";
  expect(one.axes.attention).toMatchObject({ value: "approval", reason: expect.stringContaining(left) });
  await allow("2 of 2", 2);
  await ada.until("nothing waits", ({ axes }) => axes.attention.value === "none");
});
