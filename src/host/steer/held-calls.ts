// Holds the tool calls of a CLI that does not wait long enough for the answer to a hook. The hook before the tool is answered `ask`. The CLI
// then asks its own question at its terminal, reports the question as a permission, and waits for the answer without a limit.
import type { Hook, HookAnswer, HookFacts } from "../../domain/hook.ts";
import type { EventSender } from "../event-sender.ts";
import type { Gate } from "./gate.ts";

export interface HeldCalls {
  /** From now on calls are held in this way. */
  open(): void;
  /** The answer to the hook before a tool; undefined if the call is not held in this way. */
  ask(hook: Hook): HookAnswer | undefined;
  /** Whether the CLI asks for this permission only because of the answer `ask`. */
  isAskedFor(hook: Hook): boolean;
  /** Whether a permission that the CLI's own rules ask for must wait. Its call is held by this wait, and nobody is asked meanwhile. */
  mustWait(hook: Hook): boolean;
  /** Resolves when the agent is let go, or must stop, or when the CLI no longer waits for the answer. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Resolves with the answer to that permission: when the agent is let go, or must stop. */
  pass(hook: Hook, signal?: AbortSignal): Promise<HookAnswer>;
}

export interface HeldCallsOptions {
  readonly gate: Pick<Gate, "isShut" | "pausedBy" | "pass">;
  readonly events: Pick<EventSender, "send">;
}

/** For as long as the pause lasts. */
const heldForMs = Number.POSITIVE_INFINITY;

export function createHeldCalls({ gate, events }: HeldCallsOptions): HeldCalls {
  /** The facts that the hook before the tool has told, by the id of the call. */
  const calls = new Map<string, HookFacts>();
  let isOpen = false;
  return {
    open() {
      isOpen = true;
    },
    ask({ facts }) {
      const by = gate.isShut() ? undefined : gate.pausedBy();
      if (!isOpen || by === undefined || facts.tool_use_id === undefined) return undefined;
      calls.set(facts.tool_use_id, facts);
      return { type: "ask", reason: `Paused by ${by}. cliai lets this call run when the agent is let go.` };
    },
    isAskedFor: ({ facts: { kind, tool_use_id } }) =>
      kind === "permission" && tool_use_id !== undefined && calls.has(tool_use_id),
    mustWait: ({ facts: { kind } }) =>
      isOpen && kind === "permission" && !gate.isShut() && gate.pausedBy() !== undefined,
    async wait(signal) {
      await gate.pass(signal, heldForMs);
    },
    async pass({ facts: { tool_use_id = "" } }, signal) {
      const facts = calls.get(tool_use_id);
      const passed = await gate.pass(signal, heldForMs);
      calls.delete(tool_use_id);
      if (passed.type === "deny") return { type: "forbid", reason: passed.reason };
      if (facts !== undefined) events.send(facts);
      return { type: "permit" };
    },
  };
}
