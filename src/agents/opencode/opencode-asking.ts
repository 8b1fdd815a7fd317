// Keeps the requests of an OpenCode session that wait for an answer: asks the host, replies to OpenCode with the answer, and withdraws a
// request that the person at the terminal has answered first. Measured with 1.18.33.
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { SessionListener } from "../live-session.ts";
import type { OpencodeClient } from "./opencode-client.ts";
import type { OpencodePermission, OpencodeQuestion } from "./opencode-events.ts";
import {
  type AskedBy,
  permissionHook,
  permissionReply,
  questionHook,
  questionReply,
} from "./opencode-requests.ts";

export interface Asking {
  /** Asks once, also if it is told of the request again. */
  askPermission(asked: OpencodePermission, by: AskedBy): void;
  askQuestion(asked: OpencodeQuestion, subagent: string | undefined): void;
  /** OpenCode has the answer to this request, from us or from somebody else. */
  answered(id: string): void;
  /** OpenCode waits for no answer any more. */
  withdrawAll(): void;
}

export interface AskingOptions extends Pick<SessionListener, "onHook"> {
  readonly client: Pick<OpencodeClient, "call">;
  /** Whether nobody sits at a terminal of the session who could answer. */
  readonly isHeadless: boolean;
  readonly log: Logger;
}

/** Without words OpenCode would end the turn. */
const nobodyThere: HookAnswer = {
  type: "forbid",
  reason:
    "Nobody can be asked in this session, so it is refused. Go on without it where you can, and say what you need.",
};

export function createAsking({ client, onHook, isHeadless, log }: AskingOptions): Asking {
  const open = new Map<string, AbortController>();
  const ask = async (id: string, hook: Hook, reply: (answer: HookAnswer) => Promise<unknown>) => {
    if (open.has(id)) return;
    const over = new AbortController();
    open.set(id, over);
    const answer = await onHook(hook, over.signal);
    if (over.signal.aborted) return;
    const isLeft = answer.type === "go" || answer.type === "add";
    // At a terminal the request stays open until the person there has answered it.
    if (isLeft && !isHeadless) return;
    open.delete(id);
    await reply(isLeft ? nobodyThere : answer);
  };
  const start = (...asked: Parameters<typeof ask>) => {
    ask(...asked).catch((error: unknown) => log.warn(`the answer to ${asked[0]}: ${messageOf(error)}`));
  };
  return {
    askPermission(asked, by) {
      const path = `/permission/${asked.id}/reply`;
      start(asked.id, permissionHook(asked, by), async (answer) => {
        const reply = permissionReply(answer);
        if (reply !== undefined) await client.call("POST", path, reply);
      });
    },
    askQuestion(asked, subagent) {
      const path = `/question/${asked.id}/reply`;
      start(asked.id, questionHook(asked, subagent), async (answer) => {
        const answers = questionReply(asked, answer);
        if (answers !== undefined) await client.call("POST", path, { answers });
      });
    },
    answered(id) {
      open.get(id)?.abort();
      open.delete(id);
    },
    withdrawAll() {
      for (const over of open.values()) over.abort();
      open.clear();
    },
  };
}
