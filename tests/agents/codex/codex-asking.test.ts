// The requests of Codex in the order of its messages. The messages have the form that Codex 0.171.0 sends.
import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { openCodexSession } from "../../../src/agents/codex/codex-session.ts";
import type { SessionPipes } from "../../../src/agents/live-session.ts";
import type { Hook } from "../../../src/domain/hook.ts";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";
import { waitFor } from "../../support/wait-for.ts";
import { silentPipes } from "../silent-pipes.ts";

const answers: Readonly<Record<string, object>> = {
  initialize: {},
  "account/read": { account: null, requiresOpenaiAuth: false },
  "config/read": { config: {} },
  "hooks/list": { data: [] },
  "thread/start": { thread: { id: "t1" } },
  "turn/steer": {},
};

/** A session whose Codex is the test. `heard`: what cliai has sent, without the requests by which it opens the session. */
async function openScripted(onHook: SessionPipes["onHook"]) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const send = (...messages: object[]) =>
    stdout.write(messages.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const heard: { id?: number; method?: string; result?: unknown; params?: unknown }[] = [];
  const lines = createLineSplitter();
  stdin.setEncoding("utf8").on("data", (part: string) => {
    for (const line of lines.push(part)) {
      const message = JSON.parse(line);
      const { id, method = "" } = message;
      if (answers[method] !== undefined) send({ id, result: answers[method] });
      if (method === "" || method === "turn/steer") heard.push(message);
    }
  });
  const session = openCodexSession({ ...silentPipes(), stdin, stdout, onHook });
  await session.whenReady;
  return { send, heard, [Symbol.dispose]: () => void stdout.end() };
}

const ofTurn = { threadId: "t1", turnId: "turn-1" };
const begun = {
  method: "turn/started",
  params: { threadId: "t1", turn: { id: "turn-1", status: "inProgress" } },
};

test("a request that comes together with its item is asked with what the item tells", async () => {
  const asked: Hook[] = [];
  using codex = await openScripted(async (hook) => {
    if (hook.facts.kind === "permission") asked.push(hook);
    return { type: "permit" };
  });
  const item = {
    ...{ id: "call-1", type: "fileChange", status: "inProgress" },
    changes: [{ path: "/project/a.txt", diff: "+hello" }],
  };
  codex.send(
    begun,
    { method: "item/started", params: { ...ofTurn, item } },
    { id: 7, method: "item/fileChange/requestApproval", params: { ...ofTurn, itemId: "call-1" } },
  );
  await waitFor(() => codex.heard.length === 1, { what: "the request is answered" });
  expect(codex.heard).toEqual([{ id: 7, result: { decision: "accept" } }]);
  expect(asked).toMatchObject([
    { facts: { tool: "apply_patch", detail: "/project/a.txt" }, tool: { input: { path: "/project/a.txt" } } },
  ]);
});

test("answers that do not fit the form, from a server that does not check them, are declined, and the model is told why", async () => {
  using codex = await openScripted(async ({ facts }) =>
    facts.kind === "question" ? { type: "answer", answers: ["many"] } : { type: "go" },
  );
  const requestedSchema = { type: "object", properties: { count: { type: "integer" } } };
  const params = { ...ofTurn, serverName: "shop", mode: "form", message: "How many?", requestedSchema };
  codex.send(begun, { id: 8, method: "mcpServer/elicitation/request", params });
  await waitFor(() => codex.heard.length === 2, { what: "the request is answered" });
  const [steer, answer] = codex.heard;
  expect(JSON.stringify(steer?.params)).toContain("the answers do not fit the form: many");
  expect(answer).toEqual({ id: 8, result: { action: "decline", content: null, _meta: null } });
});
