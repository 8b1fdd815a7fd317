// Keeps the tool calls of the turn that runs, and tells the host when each starts and ends. A call that asks for a permission starts with
// that request: the host answers it (`acp-asking.ts`).
import type { SessionListener } from "../live-session.ts";
import { type AcpCall, contentText } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";
import { callHook, readCall, type ToolCall } from "./acp-tools.ts";

export interface AcpCalls {
  /** Takes what the agent tells of a call, and returns what is known of it now. */
  take(call: AcpCall): ToolCall;
  /** The agent asks whether it may start this call. `acp-asking.ts` tells the host of the start, so it is not told here. */
  asked(call: AcpCall): ToolCall;
  /** The host has refused this call, so it never starts. */
  refused(id: string): void;
  /** The turn is over: whatever still runs was broken off. */
  endAll(): void;
}

interface Known {
  readonly call: ToolCall;
  readonly state: "announced" | "started" | "refused";
}

const brokenOff = "its turn has ended before it was done";

export function createAcpCalls(
  row: Pick<AcpRow, "toolNameOf" | "ownToolPrefix">,
  observe: SessionListener["observe"],
): AcpCalls {
  const calls = new Map<string, Known>();
  const note = (told: AcpCall, state?: Known["state"]): Known => {
    const before = calls.get(told.toolCallId);
    const known = {
      call: readCall(told, before?.call, row),
      state: state ?? before?.state ?? "announced",
    };
    calls.set(told.toolCallId, known);
    return known;
  };
  const start = ({ call, state }: Known) => {
    if (state !== "announced") return;
    observe(callHook("tool_start", call));
    calls.set(call.id, { call, state: "started" });
  };
  const end = (known: Known, told: AcpCall) => {
    const { call, state } = known;
    calls.delete(call.id);
    if (state === "refused") return;
    const text = contentText(told.content);
    const result = told.rawOutput ?? text;
    if (told.status === "completed") {
      start(known);
      observe(callHook("tool_end", call, { result }));
    } else observe(callHook("tool_failed", call, { result, error: text === "" ? "it has failed" : text }));
    calls.delete(call.id);
  };
  return {
    take(told) {
      const known = note(told);
      if (told.status === "in_progress") start(known);
      if (told.status === "completed" || told.status === "failed") end(known, told);
      return known.call;
    },
    asked: (told) => note(told, "started").call,
    refused(id) {
      const known = calls.get(id);
      if (known !== undefined) calls.set(id, { ...known, state: "refused" });
    },
    endAll() {
      for (const { call, state } of calls.values()) {
        if (state === "started") observe(callHook("tool_failed", call, { error: brokenOff }));
      }
      calls.clear();
    },
  };
}
