// The hook that Codex sends to the host: before each tool it runs `cliai hook`, which waits for the host's answer. The app-server tells
// everything else that the session does. Measured with 0.171.0.
//
// Codex runs a hook only if it trusts the hook's hash, which a person would have to confirm. cliai gives Codex the hash with the thread, for one
// launch. So cliai changes no file of the user, and Codex does not begin to trust any hook of the user's own.
import * as v from "valibot";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { HookPlace } from "../agent-launch.ts";
import type { HookTranslation } from "../session-cli.ts";
import { shellQuote } from "../shell-quote.ts";
import { toolHook } from "./codex-tools.ts";

const eventName = "PreToolUse";
const PreToolUseSchema = v.looseObject({
  hook_event_name: v.literal(eventName),
  ...{ tool_name: v.string(), tool_use_id: v.string() },
  tool_input: v.optional(v.unknown()),
  /** The thread of the subagent that calls the tool; absent for the session itself. */
  agent_id: v.optional(v.fallback(v.nullish(v.string()), undefined)),
});

export const codexHooks: HookTranslation = {
  read(payload) {
    const read = v.safeParse(PreToolUseSchema, payload);
    if (!read.success) throw new CliaiError("message_invalid", "this is not a hook of Codex");
    const { tool_name: name, tool_use_id: id, tool_input: input, agent_id } = read.output;
    return toolHook("tool_start", { name, id, input }, agent_id ?? undefined);
  },
  buildAnswer(_hook: Hook, answer: HookAnswer) {
    return answer.type === "deny" ? denial(answer.reason) : {};
  },
};

function denial(reason: string): object {
  return {
    hookSpecificOutput: {
      hookEventName: eventName,
      permissionDecision: "deny",
      permissionDecisionReason: reason,
    },
  };
}

/**
 * What `cliai hook` answers if the host does not. Without the host nobody can hold or stop the agent, and a hook that says nothing would let
 * the tool run.
 */
const withoutHost = denial(
  "cliai's host of this session does not answer, so nobody could stop this call: it has not run. End your turn.",
);

/** The argument that adds our hook to the user's own. Codex lets a tool run whose hook takes longer than `timeout`. */
export function hookArgs(place: HookPlace): string[] {
  const words = JSON.stringify(commandOf(place));
  return ["-c", `hooks.${eventName}=[{hooks=[{type="command",command=${words},timeout=${place.holdS}}]}]`];
}

function commandOf({ command: { command, args } }: HookPlace): string {
  return shellQuote([command, ...args, "--without-host", JSON.stringify(withoutHost)]);
}

const HooksSchema = v.looseObject({
  data: v.array(
    v.looseObject({
      hooks: v.array(
        v.looseObject({
          ...{ key: v.string(), source: v.string(), currentHash: v.string() },
          command: v.optional(v.string()),
          enabled: v.optional(v.boolean(), true),
        }),
      ),
    }),
  ),
});
/** Codex's word for hooks that come from its arguments. */
export const sourceOfOurs = "sessionFlags";

/** Hooks that Codex is to trust, in the form of its setting `hooks.state`. */
export type Trust = Readonly<Record<string, { readonly trusted_hash: string }>>;

/** What the thread has to trust, from the answer to `hooks/list`; undefined if Codex has not taken our hook. */
export function trustOf(list: unknown, place: HookPlace): Trust | undefined {
  const { data } = v.parse(HooksSchema, list);
  const ours = data
    .flatMap(({ hooks }) => hooks)
    .find(
      ({ source, enabled, command }) => source === sourceOfOurs && enabled && command === commandOf(place),
    );
  return ours && { [ours.key]: { trusted_hash: ours.currentHash } };
}
