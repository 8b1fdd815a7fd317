import { expect, test } from "bun:test";
import { type CallsOptions, createCalls } from "../../../src/agents/codex/codex-calls.ts";
import type { SessionSign } from "../../../src/domain/hook.ts";
import { stays, until } from "../../support/wait-for.ts";

const command = {
  ...{ id: "c1", type: "commandExecution", command: "make", status: "inProgress" },
  ...{ content: [], receiverThreadIds: [] },
};
const runs = new Map([["c1", "make"]]);
const tasks = [{ id: "c1", type: "shell" as const, description: "make" }];
const everyMs = 5;

/** The calls of a session whose turn has ended while its command runs. */
async function callsWith(listTerminals: CallsOptions["listTerminals"], { isStartToldLate = false } = {}) {
  const [signs, ended]: [SessionSign[], AbortController] = [[], new AbortController()];
  const calls = createCalls(
    {
      ...{ listTerminals, ended: ended.signal },
      observe: () => undefined,
      onSign: (sign) => signs.push(sign),
    },
    everyMs,
  );
  if (!isStartToldLate) calls.started(command, undefined, true);
  await calls.turnEnded();
  if (isStartToldLate) calls.started(command, undefined, false);
  return { signs, calls, end: () => ended.abort() };
}

test("a command whose end Codex does not tell counts no more once Codex lists it no more, also if some lists fail before", async () => {
  const lists = [runs, undefined, runs, undefined, undefined];
  const { signs } = await callsWith(async () => (lists.length > 0 ? lists.shift() : new Map()));
  await until("it counts no more", () => signs.length > 1);
  expect(signs).toEqual([
    { type: "background", tasks },
    { type: "background", tasks: [] },
  ]);
});

test("while Codex lists nothing, a command that a turn left running counts, and after the session nothing is asked", async () => {
  let asked = 0;
  const { signs, end } = await callsWith(async () => {
    asked += 1;
    return undefined;
  });
  await until("it is asked again and again", () => asked > 5);
  expect(signs).toEqual([{ type: "background", tasks }]);
  end();
  const last = asked + 1; // one more that had begun
  await stays(() => asked <= last, {
    what: "no other question",
    because: `it was asked every ${everyMs} ms before`,
  });
});

test("a command whose start Codex tells only after the turn counts from then on, until its end", async () => {
  let isListed = false;
  const { signs, calls, end } = await callsWith(async () => (isListed ? runs : new Map()), {
    isStartToldLate: true,
  });
  isListed = true;
  expect(signs).toEqual([{ type: "background", tasks }]);
  await calls.completed({ ...command, status: "completed" }, undefined);
  expect(signs.slice(1)).toEqual([{ type: "background", tasks: [] }]);
  end();
});
