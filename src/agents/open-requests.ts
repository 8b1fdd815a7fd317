// Keeps the requests of a session that wait for an answer. Asks the host, and gives the CLI the host's answer. Withdraws a request that
// somebody else has answered first.
import type { Hook, HookAnswer } from "../domain/hook.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { SessionListener } from "./live-session.ts";

export interface OpenRequests {
  /** Asks the host. Asks only once, even if it is called again for the same request. `reply` gives the CLI the answer. */
  ask(id: string, hook: Hook, reply: (answer: HookAnswer) => Promise<unknown>): void;
  /** The CLI has the answer to this request, from us or from somebody else. */
  answered(id: string): void;
  /** The ids of the requests that wait for an answer now. */
  open(): readonly string[];
  /** The CLI waits for no answer any more. */
  withdrawAll(): void;
}

export interface OpenRequestsOptions extends Pick<SessionListener, "onHook"> {
  /** Whether nobody sits at a terminal of the session who could answer. */
  readonly isHeadless: boolean;
  /** Called when the person at the terminal has answered what the host had left to that person. */
  readonly onLeftAnswered?: (hook: Hook) => void;
  readonly log: Logger;
}

const nobodyThere: HookAnswer = {
  type: "forbid",
  reason:
    "Nobody can be asked in this session, so it is refused. Go on without it where you can, and say what you need.",
};

/** How many requests are remembered as answered. */
const mostAnswered = 1_000;

export function createOpenRequests(options: OpenRequestsOptions): OpenRequests {
  const { onHook, isHeadless, onLeftAnswered, log } = options;
  const open = new Map<string, AbortController>();
  const leftOpen = new Map<string, Hook>();
  /** The ids of answered requests. They are kept, because a CLI may list a request as open after it has told that it is answered. */
  const answered = new Set<string>();
  const note = (id: string) => {
    answered.add(id);
    const [oldest] = answered;
    if (answered.size > mostAnswered && oldest !== undefined) answered.delete(oldest);
  };
  const askOnce: (...asked: Parameters<OpenRequests["ask"]>) => Promise<void> = async (id, hook, reply) => {
    if (open.has(id) || answered.has(id)) return;
    const over = new AbortController();
    open.set(id, over);
    const answer = await onHook(hook, over.signal);
    if (over.signal.aborted) return;
    const isLeft = answer.type === "go" || answer.type === "add";
    // At a terminal the request stays open until the person there has answered it.
    if (isLeft && !isHeadless) return void leftOpen.set(id, hook);
    try {
      await reply(isLeft ? nobodyThere : answer);
      note(id);
    } finally {
      open.delete(id);
    }
  };
  return {
    ask(...asked) {
      askOnce(...asked).catch((error: unknown) => log.warn(`the answer to ${asked[0]}: ${messageOf(error)}`));
    },
    answered(id) {
      note(id);
      open.get(id)?.abort();
      open.delete(id);
      const left = leftOpen.get(id);
      leftOpen.delete(id);
      if (left !== undefined) onLeftAnswered?.(left);
    },
    open: () => [...open.keys()],
    withdrawAll() {
      for (const over of open.values()) over.abort();
      open.clear();
      leftOpen.clear();
    },
  };
}
