// What a session concludes from an agent's messages, in the form in which Qwen Code 0.24.4 sends them.
import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { qwenOverAcp } from "../../../src/agents/acp/agents/qwen.ts";
import type { SessionSign } from "../../../src/domain/hook.ts";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";
import { waitFor } from "../../support/wait-for.ts";
import { silentPipes } from "../silent-pipes.ts";

test("a permission that a subagent asks for is no evidence that the session's model has the text", async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const send = (message: object) => stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const update = (told: object) =>
    send({ method: "session/update", params: { sessionId: "s1", update: told } });
  const ask = (id: number, toolCallId: string) =>
    send({
      ...{ id, method: "session/request_permission" },
      params: {
        ...{ sessionId: "s1", toolCall: { toolCallId, title: "touch a", kind: "execute" } },
        options: [{ optionId: "once", kind: "allow_once", name: "yes" }],
      },
    });
  const answers = new Map<string, object>([
    ["initialize", { protocolVersion: 1, agentCapabilities: {} }],
    ["session/new", { sessionId: "s1" }],
  ]);
  const heard: { id?: number; method?: string }[] = [];
  const lines = createLineSplitter();
  stdin.setEncoding("utf8").on("data", (part: string) => {
    for (const line of lines.push(part)) {
      const message = JSON.parse(line);
      heard.push(message);
      const result = answers.get(message.method);
      if (result !== undefined) send({ id: message.id, result });
    }
  });
  const isAnswered = (id: number) => heard.some((each) => each.id === id && each.method === undefined);
  const signs: SessionSign[] = [];
  const session = qwenOverAcp.openSession?.({
    ...silentPipes(),
    ...{ stdin, stdout },
    onHook: async ({ facts }) => ({ type: facts.kind === "permission" ? "permit" : "go" }),
    onSign: (sign) => signs.push(sign),
  });
  await session?.whenReady;
  await session?.say("work", "order-1");
  await waitFor(() => heard.some(({ method }) => method === "session/prompt"), { what: "it is prompted" });
  const call = { sessionUpdate: "tool_call", toolCallId: "of-subagent", status: "pending", title: "touch a" };
  update({ ...call, _meta: { toolName: "run_shell_command", parentToolCallId: "agent-1" } });
  ask(71, "of-subagent");
  await waitFor(() => isAnswered(71), { what: "the subagent's request is answered" });
  expect(signs).toEqual([]);
  ask(72, "of-session");
  await waitFor(() => isAnswered(72), { what: "the session's request is answered" });
  expect(signs).toEqual([{ type: "taken", text: "work", id: "order-1" }, { type: "answer" }]);
  stdout.end();
});
