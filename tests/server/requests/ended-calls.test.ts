import { expect, test } from "bun:test";
import { agentOn } from "../../support/agent-fixture.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

const questions = [{ question: "Which way?", choices: [{ label: "left" }, { label: "right" }] }];

const because = "each serve looks twice a second for runs that have ended";

/** The agent ada in one of its runs. */
async function beginRun({ bus, server }: TestServer, instanceId: string) {
  const ada = agentOn(bus, "ada");
  const heartbeat = { status: "working", instance_id: instanceId, seq: 1 };
  bus.publish("agent.ada.heartbeat", heartbeat);
  await waitFor(() => server.fleet.get(ada.id)?.heartbeat?.instance_id === instanceId, { what: instanceId });
  return {
    ask: async (tool: string, args: object) =>
      String((await ada.result(tool, { wait_s: 0, ...args }, { instanceId })).request_id),
    die: async () =>
      await bus.publishStored("agent.ada.status", { status: "crashed", instance_id: instanceId }),
  };
}

test.each([
  ["a permission", "request_permission", { tool: "Bash", input: "ls" }, { approved: true }],
  ["a plan", "request_permission", { tool: "Plan", input: "first this", plan: true }, { approved: true }],
  ["a held permission", "request_permission", { tool: "Bash", input: "ls", held: true }, { approved: true }],
  ["a dialog", "request_answers", { questions }, { text: "left" }],
  [
    "the end of a turn",
    "request_stop_approval",
    { reason: "r", context: "", work_completed: "" },
    { approved: true },
  ],
])("%s is withdrawn with its run, and answering it says so", async (_, tool, args, words) => {
  await using run = await startTestServer();
  const { requests } = run.server;
  const first = await beginRun(run, "r1");
  const id = await first.ask(tool, args);
  await stays(() => requests.open().length === 1, {
    what: "it is open while its run lives",
    because,
    forMs: 1_200,
  });
  await first.die();
  const second = await beginRun(run, "r2");
  const anew = await second.ask(tool, args);
  await waitFor(() => requests.get(id)?.state === "withdrawn", { what: "it is withdrawn" });
  await expect(requests.answer(id, words, "ann")).rejects.toMatchObject({
    code: "decided_already",
    message: `request ${id} is withdrawn already: that call ended with its session`,
    hint: "see what ada asks now: cliai inbox",
  });
  expect(requests.open().map(({ request_id }) => request_id)).toEqual([anew]);
  expect((await requests.answer(anew, words, "ann")).state).toBe("answered");
});

test("an answer that comes before the next look finds that the run has ended", async () => {
  await using run = await startTestServer();
  const first = await beginRun(run, "r1");
  const id = await first.ask("request_permission", { tool: "Bash", input: "ls" });
  await first.die();
  await waitFor(() => run.server.fleet.get(agentOn(run.bus, "ada").id)?.status === "crashed", {
    what: "its end is known",
    intervalMs: 5,
  });
  await expect(run.server.requests.answer(id, { approved: true }, "ann")).rejects.toThrow(
    "that call ended with its session",
  );
});

test("a question in words waits for an answer over the end of its run", async () => {
  await using run = await startTestServer();
  const { requests } = run.server;
  const first = await beginRun(run, "r1");
  const id = await first.ask("ask_human", { question: "why?" });
  await first.die();
  await beginRun(run, "r2");
  await stays(() => requests.get(id)?.state === "asked", { what: "it is open", because, forMs: 1_200 });
  expect((await requests.answer(id, { text: "because" }, "ann")).state).toBe("answered");
});

test("a run beside the agent's own takes nothing from it", async () => {
  await using run = await startTestServer();
  const { requests } = run.server;
  const first = await beginRun(run, "r1");
  const id = await first.ask("request_permission", { tool: "Bash", input: "ls" });
  await beginRun(run, "r2");
  await stays(() => requests.get(id)?.state === "asked", { what: "it is open", because, forMs: 1_200 });
});
