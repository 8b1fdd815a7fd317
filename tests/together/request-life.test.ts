// Whatever happens in whatever order, restarts of the server included: each answer is given to its agent once.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { agentOn } from "../support/agent-fixture.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

type Step = "ask" | "answer" | "answer twice" | "withdraw" | "take" | "restart";

const aStep = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>("ask") },
  { weight: 3, arbitrary: fc.constant<Step>("answer") },
  { weight: 1, arbitrary: fc.constant<Step>("answer twice") },
  { weight: 1, arbitrary: fc.constant<Step>("withdraw") },
  { weight: 3, arbitrary: fc.constant<Step>("take") },
  { weight: 1, arbitrary: fc.constant<Step>("restart") },
);

async function live(steps: readonly Step[]): Promise<void> {
  await using first = await startTestServer();
  const ada = agentOn(await first.nats.bus(), "ada");
  let run = first;
  const asked = new Set<string>();
  const answered = new Map<string, string>();
  const given: [request: unknown, text: unknown][] = [];
  const next = () => [...asked][0];
  const take = async () => {
    for (const { request_id, text } of await ada.inbox()) given.push([request_id, text]);
  };
  const end = (request_id: string | undefined, text?: string) => {
    if (request_id === undefined) return;
    asked.delete(request_id);
    if (text !== undefined) answered.set(request_id, text);
  };
  const act: Record<Step, () => Promise<void>> = {
    ask: async () => {
      const question = `question ${asked.size} of ${crypto.randomUUID()}`;
      asked.add(String((await ada.result("ask_human", { question, wait_s: 0 })).request_id));
    },
    answer: async () => {
      const request_id = next();
      if (request_id === undefined) return;
      await waitFor(() => run.server.requests.get(request_id), { what: "the server has the request" });
      const request = await run.server.requests.answer(request_id, { text: `to ${request_id}` }, "ann");
      end(request_id, request.answer?.text);
    },
    "answer twice": async () => {
      const request_id = next();
      if (request_id === undefined) return;
      await waitFor(() => run.server.requests.get(request_id), { what: "the server has the request" });
      const outcomes = await Promise.allSettled(
        ["ann", "ben"].map((by) => run.server.requests.answer(request_id, { text: `by ${by}` }, by)),
      );
      const won = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value.answer?.text] : []));
      expect(won).toHaveLength(1);
      end(request_id, won[0]);
    },
    withdraw: async () => {
      const request_id = next();
      if (request_id !== undefined) await ada.result("withdraw_request", { request_id });
      end(request_id);
    },
    take,
    restart: async () => {
      run = await run.restart();
    },
  };
  for (const step of steps) await act[step]();
  await waitFor(
    async () => {
      await take();
      return given.length >= answered.size;
    },
    { what: "each answer is given", saw: () => ({ given, answered }) },
  );
  await take();
  expect(given.toSorted()).toEqual([...answered].toSorted());
  const open = run.server.requests.open().map(({ request_id }) => request_id);
  expect(open.toSorted()).toEqual([...asked].toSorted());
  if (run !== first) await run.server.stop();
}

test("asked, answered, withdrawn, taken and restarted in any order, each answer is given once", async () => {
  await fc.assert(fc.asyncProperty(fc.array(aStep, { minLength: 8, maxLength: 24 }), live), {
    numRuns: 6,
    endOnFailure: true,
  });
});
