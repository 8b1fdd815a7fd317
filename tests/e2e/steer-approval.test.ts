// What the real Claude Code may not decide alone: the end of its turns, and permissions, asked for where a profile says so,
// and answered from the inbox; and questions whose answers come late.
import { expect, test } from "bun:test";
import type { ShownAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, callTool, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

interface Item {
  readonly request_id: string;
  readonly agent_id: string;
  readonly kind: string;
  readonly question: string;
  readonly context?: string;
}

async function inbox(serve: RunningServe, count: number): Promise<Item[]> {
  let items: Item[] = [];
  const look = async () => {
    items = JSON.parse((await serve.run(["inbox", "--json"])).stdout);
    return items.length === count;
  };
  await waitFor(look, { what: `${count} in the inbox`, saw: () => items });
  return items;
}

test("a refused stop goes on in the same session with the reviewer's words, and an approved one ends the turn", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "write the report", turn: { text: "The report is written." } },
      { match: "add the figures", turn: { text: "The figures are in." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, profile: { stop_approval: true } });
  await ada.terminal.enter("write the report");
  const [first] = await inbox(serve, 1);
  expect(first).toMatchObject({ agent_id: "ada", kind: "stop_approval", context: "The report is written." });
  await ada.until("it waits for the approval", ({ status }) => status === "waiting");
  await serve.run(["answer", first?.request_id ?? "", "--refuse", "--reason", "add the figures"]);
  await ada.terminal.waitFor("The figures are in.");
  const [second] = await inbox(serve, 1);
  expect(second?.context).toBe("The figures are in.");
  await serve.run(["answer", second?.request_id ?? "", "--approve"]);
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(model.requests.filter(({ isSide }) => !isSide).length).toBe(2);
});

test("an end that the agent had approved by its own words is not asked for again, with a terminal and without", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const words = { reason: "all is done", context: "", work_completed: "the report" };
  model.setScript({
    rules: [{ match: "write the report", turn: callTool("request_stop_approval", words) }],
    fallback: { text: "Then I end." },
  });
  const profile = { stop_approval: true };
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await ada.terminal.enter("write the report");
  await using hal = await startHeadless(serve, {
    ...{ id: "hal", model, profile },
    args: ["--task", "write the report"],
  });
  const asked = await inbox(serve, 2);
  for (const { request_id, question } of asked) {
    expect(question).toContain("all is done");
    expect(await serve.run(["answer", request_id, "--approve"])).toMatchObject({ code: 0 });
  }
  const isOver = ({ status }: { status: string }) => status === "idle";
  await Promise.all([ada, hal].map((agent) => agent.until("its turn is over", isOver)));
  expect(await inbox(serve, 0)).toEqual([]);
});

/** Whether it is an answer that was given with a hook's. */
function isGivenByHook({ type, receipts }: ShownAgent["commands"][number]): boolean {
  return type === "message" && receipts.some(({ state, route }) => state === "injected" && route === "hook");
}

test("an end that nobody approves follows the profile's policy", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const profile = { stop_approval: true, stop_approval_wait_s: 1, stop_approval_unanswered: "go_on" };
  model.setScript({ rules: [{ match: "Nobody has answered", turn: { text: "I go on." } }] });
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await ada.terminal.enter("hello there");
  await ada.terminal.waitFor("I go on.");
  // It is held back once: a second silence lets the turn end.
  await ada.until("its turn is over", ({ status }) => status === "idle");
  // The policy's answers were the hook's to give: none of them waits for the session as a message, which would wake it.
  await ada.until("both answers are given", ({ commands }) => commands.filter(isGivenByHook).length === 2);
  expect(await ada.terminal.screen()).not.toContain("your stop is refused by policy");
});

test("permissions that two agents ask for at once never cross, and a refused one is denied with its reason", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "make A", once: true, turn: bash("echo made-A | tee a.txt") },
      { match: "make B", once: true, turn: bash("echo made-B | tee b.txt") },
      { match: "not today", turn: { text: "So I leave it." } },
    ],
  });
  const profile = { permissions: "inbox" };
  await using ada = await startSteered(serve, { id: "ada", model, profile });
  await using bob = await startHeadless(serve, { id: "bob", model, profile, args: ["--task", "make B"] });
  await ada.terminal.enter("make A");
  const items = await inbox(serve, 2);
  const of = (id: string) => items.find(({ agent_id }) => agent_id === id);
  expect(of("ada")).toMatchObject({ kind: "permission", question: "May it use Bash?" });
  expect(of("ada")?.context).toContain("echo made-A | tee a.txt");
  expect(of("bob")?.context).toContain("echo made-B | tee b.txt");
  await serve.run(["answer", of("ada")?.request_id ?? "", "--approve"]);
  await serve.run(["answer", of("bob")?.request_id ?? "", "--refuse", "--reason", "not today"]);
  await model.waitForRequest(({ newText }) => newText.includes("not today"), { what: "the refusal" });
  await waitFor(() => Bun.file(`${ada.cwd}/a.txt`).exists(), { what: "what was permitted" });
  expect(await Bun.file(`${bob.cwd}/b.txt`).exists()).toBe(false);
});

test("an answer that comes after the question's wait is handed to the session", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "ask me", once: true, turn: callTool("ask_human", { question: "Which colour?", wait_s: 0 }) },
      { match: "the answer will come", turn: { text: "I wait for it." } },
      { match: "green, please", turn: { text: "Green it is." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model });
  await ada.terminal.enter("ask me");
  await ada.terminal.waitFor("I wait for it.");
  const [question] = await inbox(serve, 1);
  await serve.run(["answer", question?.request_id ?? "", "green, please"]);
  await ada.terminal.waitFor("Green it is.");
});
