// When a call of an ACP agent's tool starts and ends for the host.
import { describe, expect, test } from "bun:test";
import { createAcpCalls } from "../../../src/agents/acp/acp-calls.ts";
import type { AcpCall } from "../../../src/agents/acp/acp-messages.ts";

function calls() {
  const told: unknown[] = [];
  const row = { toolNameOf: () => "Bash" };
  const made = createAcpCalls(
    row,
    ({ facts, tool }) => void told.push([facts.kind, facts.tool_use_id, facts.detail, tool?.result]),
  );
  const call = (status: string | undefined, more: Partial<AcpCall> = {}): AcpCall => ({
    ...{ toolCallId: "t1", title: "make", kind: "execute", status, content: [], _meta: {} },
    ...{ rawInput: { command: "make" } },
    ...more,
  });
  const text = (words: string) => [{ type: "content", content: { type: "text", text: words } }];
  return { ...made, told, call, text, kinds: () => told.map((each) => (each as unknown[])[0]) };
}

describe("createAcpCalls()", () => {
  test("starts a call once, when it runs, and ends it with its result", () => {
    const { take, call, told } = calls();
    take(call("pending"));
    expect(told).toEqual([]);
    take(call("in_progress"));
    take(call("in_progress"));
    take(call("completed", { rawOutput: "ok" }));
    expect(told).toEqual([
      ["tool_start", "t1", "make", undefined],
      ["tool_end", "t1", "make", "ok"],
    ]);
  });

  test("tells the start of a call of which only the end is told", () => {
    const { take, call, kinds } = calls();
    take(call("completed"));
    expect(kinds()).toEqual(["tool_start", "tool_end"]);
  });

  test("says why a call has failed, in the tool's words if there are any", () => {
    const { take, call, text, told } = calls();
    take(call("in_progress"));
    take(call("failed", { content: text("exit 1") }));
    take(call("in_progress", { toolCallId: "t2" }));
    take(call("failed", { toolCallId: "t2" }));
    expect(told.filter((each) => (each as unknown[])[0] === "tool_failed")).toEqual([
      ["tool_failed", "t1", "exit 1", "exit 1"],
      ["tool_failed", "t2", "it has failed", ""],
    ]);
  });

  test("leaves the start of a call that asks for a permission to the host, and tells its end", () => {
    const { asked, take, call, kinds } = calls();
    asked(call("pending"));
    take(call("in_progress"));
    take(call("completed"));
    expect(kinds()).toEqual(["tool_end"]);
  });

  test("tells nothing of a call that was refused, whatever the agent says of it", () => {
    const { asked, refused, take, endAll, call, told } = calls();
    asked(call("pending"));
    refused("t1");
    take(call("in_progress"));
    take(call("failed"));
    refused("unknown");
    endAll();
    expect(told).toEqual([]);
  });

  test("at the end of the turn breaks off what runs, and forgets what has not started", () => {
    const { take, endAll, call, told, kinds } = calls();
    take(call("in_progress"));
    take(call("pending", { toolCallId: "t2" }));
    endAll();
    endAll();
    expect(kinds()).toEqual(["tool_start", "tool_failed"]);
    expect(told[1]).toEqual(["tool_failed", "t1", "its turn has ended before it was done", undefined]);
  });

  test("keeps of a call what an update does not tell anew", () => {
    const { take, call } = calls();
    take(call("in_progress"));
    const update = take({ toolCallId: "t1", status: "in_progress", content: [], _meta: {} });
    expect(update).toMatchObject({ id: "t1", title: "make", input: { command: "make" } });
  });
});
