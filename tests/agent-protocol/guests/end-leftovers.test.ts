import { expect, test } from "bun:test";
import { type EndLeftoversOptions, endLeftovers } from "../../../src/agent-protocol/guests/end-leftovers.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";

const task = (command_id: string, states: readonly string[]) => ({
  ...{ command_id, type: "task", stream_seq: 1, from: "kim", summary: "", issued_at: "" },
  receipts: states.map((state) => ({ state, at: "" })),
});

/** A guest with a task in its hand. What is read, and who leads, is asked of `more`. */
function leftovers(more: Partial<EndLeftoversOptions["server"]>) {
  const written: string[] = [];
  const ending = new AbortController();
  const commands = [task("held", ["stored", "delivered", "injected"]), task("waits", ["stored"])];
  const server = {
    ...{ fleet: { get: () => ({ commands }) }, requests: { open: () => [] } },
    ...{ readAll: async () => 1, isLeader: () => true, ...more },
  };
  const over = endLeftovers({
    ...{ id: ada, server: server as unknown as EndLeftoversOptions["server"], signal: ending.signal },
    ...{ call: async () => ({ isError: false, text: "" }), againAfterMs: 1, log: silentLogger },
    receipts: { write: ({ command_id, state }) => void written.push(`${command_id} ${state}`) },
    answers: { endOthers: async () => undefined },
  });
  return { written, ending, over };
}

/** Succeeds at the third call. */
function atThird() {
  let calls = 0;
  return () => {
    calls += 1;
    return calls >= 3;
  };
}

test("tries again until all is read, and ends the task in its hand once", async () => {
  const isRead = atThird();
  const readAll = () => (isRead() ? Promise.resolve(1) : Promise.reject(new Error("too slow")));
  const { written, over } = leftovers({ readAll });
  expect(await over).toBe(true);
  expect(written).toEqual(["held failed"]);
});

test("ends nothing while another serve leads", async () => {
  const written: string[][] = [];
  const leads = atThird();
  const run = leftovers({
    isLeader: () => {
      written.push([...run.written]);
      return leads();
    },
  });
  expect(await run.over).toBe(true);
  expect(written).toEqual([[], [], []]);
  expect(run.written).toEqual(["held failed"]);
});

test("is not ready if serve ends before all is read", async () => {
  const reading = Promise.withResolvers<number>();
  const { written, ending, over } = leftovers({ readAll: () => reading.promise });
  ending.abort("cliai serve ended");
  reading.resolve(1);
  expect(await over).toBe(false);
  expect(written).toEqual([]);
});
