import { expect, test } from "bun:test";
import { createFailingCalls } from "../../../src/domain/watchdog/failing-calls.ts";
import type { AgentEvent } from "../../../src/domain/wire/event-messages.ts";

function take(...events: Partial<AgentEvent>[]) {
  const calls = createFailingCalls();
  for (const event of events) calls.take({ kind: "usage", instance_id: "r1", ...event });
  expect(calls.worst("another run")).toBeUndefined();
  return calls.worst(events.at(-1)?.instance_id ?? "r1");
}

let id = 0;
function call(
  tool: string,
  detail: string,
  kind: string,
  more: Partial<AgentEvent> = {},
): Partial<AgentEvent>[] {
  id += 1;
  const tool_use_id = `t${id}`;
  return [
    { kind: "tool_start", tool, detail, tool_use_id },
    { kind, tool, tool_use_id, detail: "Exit code 1", ...more },
  ];
}
const fails = (tool: string, detail: string) => call(tool, detail, "tool_failed");

test("counts the same tool with the same input, whatever else succeeds in between", () => {
  const looks = call("Read", "a.ts", "tool_end");
  expect(take(...fails("Bash", "make"), ...looks, ...fails("Bash", "make"), ...fails("Bash", "ls"))).toEqual({
    ...{ tool: "Bash", input: "make", times: 2 },
  });
  expect(take(...looks)).toBeUndefined();
});

test("begins anew when the call succeeds, when a tool has changed a file, and in a new run", () => {
  const twice = [...fails("Bash", "make"), ...fails("Bash", "make")];
  expect(take(...twice, ...call("Bash", "make", "tool_end"))).toBeUndefined();
  const edit = call("Edit", "a.ts", "tool_end", { files: [{ path: "/p/a.ts" }] });
  expect(take(...twice, ...edit, ...fails("Bash", "make"))).toMatchObject({ times: 1 });
  expect(take(...twice, { kind: "session_start", instance_id: "r2" })).toBeUndefined();
});

test("tells calls apart that run at the same time", () => {
  const [one, two] = [fails("Bash", "a"), fails("Bash", "b")];
  const both = [one[0], two[0], one[1], two[1]].filter((each) => each !== undefined);
  expect(take(...both, ...fails("Bash", "b"))).toMatchObject({ input: "b", times: 2 });
});

test("keeps a bounded number of calls", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => fails("Bash", `make ${index}`)).flat();
  expect(take(...fails("Bash", "first"), ...many)).toMatchObject({ times: 1 });
});
