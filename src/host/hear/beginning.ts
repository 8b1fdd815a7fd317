// Notices that a CLI on a terminal has not begun in time. It may be asking its user something before it calls a hook or starts its MCP
// server, and only its terminal shows that.
import type { HeartbeatSender } from "../../agent-link/heartbeat.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";

type ReadBeginning = () => Promise<"blank" | "prompt" | "other">;

export interface Beginning {
  /** The CLI was started. */
  launched(): void;
  /** @param read reads what the screen shows: nothing yet, the CLI's prompt, or something else, such as a question */
  look(read: ReadBeginning): void;
  /** The CLI has begun: it has called a hook, or its MCP server has started. */
  begun(): void;
  stop(): void;
}

export interface BeginningOptions {
  readonly heartbeat: Pick<HeartbeatSender, "presence" | "update">;
  /** Words for what the CLI may ask at its terminal before it begins; undefined without a terminal. */
  readonly mayAsk: string | undefined;
  readonly log: Logger;
  /** Called each time that the screen shows the CLI's prompt, until the CLI has begun. Its MCP server should have started soon after that. */
  readonly onPrompt?: (() => void) | undefined;
  /** How long the CLI may take to begin. Default 5000. */
  readonly beginsWithinMs?: number | undefined;
}

const defaultBeginsWithinMs = 5_000;
const lookEveryMs = 500;

export function createBeginning(options: BeginningOptions): Beginning {
  const { heartbeat, mayAsk, log, onPrompt, beginsWithinMs = defaultBeginsWithinMs } = options;
  const isOver = new AbortController();
  /** If the screen cannot be read, the time alone decides. */
  let read: ReadBeginning = () => Promise.resolve("other");
  const showsQuestion = async (): Promise<boolean> => {
    try {
      const shown = await read();
      if (shown === "prompt") onPrompt?.();
      return shown === "other";
    } catch (error) {
      log.warn(`the terminal's screen: ${messageOf(error)}`);
      return true;
    }
  };
  const tellOnceAsking = async (words: string) => {
    await pause(beginsWithinMs, isOver.signal);
    // On a slow machine, the CLI may not have drawn its screen yet.
    while (!isOver.signal.aborted && !(await showsQuestion())) await pause(lookEveryMs, isOver.signal);
    if (!isOver.signal.aborted) heartbeat.update({ waits_at_terminal: words });
  };
  return {
    launched() {
      if (mayAsk === undefined) return;
      void tellOnceAsking(mayAsk);
    },
    look(given) {
      read = given;
    },
    begun() {
      isOver.abort();
      if (heartbeat.presence().waits_at_terminal) heartbeat.update({ waits_at_terminal: "" });
    },
    stop: () => isOver.abort(),
  };
}
