// The requests of Codex in the order of its messages. The messages have the form that Codex 0.171.0 sends.
import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { openCodexSession } from "../../../src/agents/codex/codex-session.ts";
import type { Hook } from "../../../src/domain/hook.ts";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";
import { waitFor } from "../../support/wait-for.ts";
import { silentPipes } from "../silent-pipes.ts";

const answers: Readonly<Record<string, object>> = {
  initialize: {},
  "config/read": { config: {} },
  "hooks/list": { data: [] },
  "thread/start": { thread: { id: "t1" } },
};

test("a request that comes together with its item is asked with what the item tells", async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const send = (...messages: object[]) =>
    stdout.write(messages.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const replies: unknown[] = [];
  const lines = createLineSplitter();
  stdin.setEncoding("utf8").on("data", (part: string) => {
    for (const line of lines.push(part)) {
      const { id, method = "", ...rest } = JSON.parse(line);
      if (answers[method] !== undefined) send({ id, result: answers[method] });
      else if (method === "") replies.push({ id, ...rest });
    }
  });
  const asked: Hook[] = [];
  const session = openCodexSession({
    ...silentPipes(),
    ...{ stdin, stdout },
    onHook: async (hook) => {
      if (hook.facts.kind === "permission") asked.push(hook);
      return { type: "permit" };
    },
  });
  await session.whenReady;
  const item = {
    ...{ id: "call-1", type: "fileChange", status: "inProgress" },
    changes: [{ path: "/project/a.txt", diff: "+hello" }],
  };
  const ofTurn = { threadId: "t1", turnId: "turn-1" };
  send(
    { method: "turn/started", params: { threadId: "t1", turn: { id: "turn-1", status: "inProgress" } } },
    { method: "item/started", params: { ...ofTurn, item } },
    { id: 7, method: "item/fileChange/requestApproval", params: { ...ofTurn, itemId: "call-1" } },
  );
  await waitFor(() => replies.length === 1, { what: "the request is answered" });
  expect(replies).toEqual([{ id: 7, result: { decision: "accept" } }]);
  expect(asked).toMatchObject([
    { facts: { tool: "apply_patch", detail: "/project/a.txt" }, tool: { input: { path: "/project/a.txt" } } },
  ]);
  stdout.end();
});
