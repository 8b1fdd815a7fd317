// Tells the host, as hooks, what Qwen Code asks at its terminal, and passes the host's answers on. The first answer counts, at the terminal
// or from the host. Measured with 0.24.4.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { Hook } from "../../domain/hook.ts";
import { idFact, inputWords, shortFact } from "../../domain/text/fact-words.ts";
import { atMost } from "../../waiting.ts";
import type { InputPlace } from "../live-session.ts";
import { createOpenRequests } from "../open-requests.ts";
import { questionTool, toolOf } from "./qwen-hooks.ts";

const RequestSchema = v.looseObject({
  type: v.literal("control_request"),
  request_id: v.string(),
  request: v.looseObject({
    subtype: v.literal("can_use_tool"),
    tool_name: v.string(),
    tool_use_id: v.string(),
    input: v.optional(v.unknown()),
  }),
});
/** Qwen Code writes this also for an answer that was given at the terminal. */
const AnsweredSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({
    subtype: v.literal("success"),
    request_id: v.string(),
    response: v.fallback(v.looseObject({ allowed: v.optional(v.boolean()) }), {}),
  }),
});
/** Longer than Qwen Code takes to find an answer: it looks every half second. Its user may answer first. */
const readWithinMs = 2_000;

export interface QwenAskingOptions extends Pick<InputPlace, "onHook" | "onEvent" | "log"> {
  /** Writes the answer to a request. */
  confirm(answer: object): Promise<void>;
  submit(text: string): Promise<void>;
}

export interface QwenAsking {
  /** Takes a line of what Qwen Code tells. */
  take(line: unknown): void;
  stop(): void;
}

export function createQwenAsking({ onHook, onEvent, log, confirm, submit }: QwenAskingOptions): QwenAsking {
  const requests = createOpenRequests({
    ...{ onHook, isHeadless: false, log },
    onLeftAnswered: ({ facts }) =>
      onEvent({ ...facts, kind: "notification", detail: "permission_response: closed" }),
  });
  /** For each refused request, what takes how the request has ended. */
  const refused = new Map<string, (isAllowed: boolean) => void>();
  /** Gives the refusal. Resolves with whether the user at the terminal allowed the call before Qwen Code read the refusal. */
  const refuse = async (request_id: string): Promise<boolean> => {
    let wasAllowed = false;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    refused.set(request_id, (isAllowed) => {
      wasAllowed = isAllowed;
      resolve();
    });
    await confirm({ type: "confirmation_response", request_id, allowed: false });
    await atMost(readWithinMs, ended);
    refused.delete(request_id);
    return wasAllowed;
  };
  const ask = (request_id: string, hook: Hook) =>
    requests.ask(request_id, hook, async (answer) => {
      if (answer.type !== "forbid")
        return await confirm({
          type: "confirmation_response",
          request_id,
          allowed: answer.type === "permit",
        });
      if (await refuse(request_id))
        return onEvent({ ...hook.facts, kind: "notification", detail: "permission_response: allow" });
      // A refusal ends the turn, and the model is told nothing. So the reason goes to the model as the next text.
      await submit(`Your call of ${hook.tool?.name} was refused, and has not run: ${answer.reason}`);
    });
  return {
    take(line) {
      const asked = v.safeParse(RequestSchema, line);
      if (asked.success) return ask(asked.output.request_id, hookOf(asked.output.request));
      const answered = v.safeParse(AnsweredSchema, line);
      if (!answered.success) return;
      const { request_id, response } = answered.output.response;
      refused.get(request_id)?.(response.allowed === true);
      requests.answered(request_id);
    },
    stop: requests.withdrawAll,
  };
}

function hookOf(request: v.InferOutput<typeof RequestSchema>["request"]): Hook {
  const { tool_name, tool_use_id, input } = request;
  const tool = toolOf(tool_name);
  return {
    facts: {
      kind: tool_name === questionTool ? "question" : "permission",
      ...{ tool: shortFact(tool.name), tool_use_id: idFact(tool_use_id) },
      ...definedOf({ detail: shortFact(inputWords(input)) }),
    },
    // A question of Qwen Code can be answered at its terminal only.
    tool: tool_name === questionTool ? undefined : { ...tool, input },
    isSubagent: false,
  };
}
