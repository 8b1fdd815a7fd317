// Notices a CLI on a terminal that has not begun in time: it may ask its user something before it calls a hook or starts its MCP
// server, and nobody but its terminal is told.
import type { HeartbeatSender } from "../../agent-link/heartbeat.ts";
import { pause } from "../../waiting.ts";

export interface Beginning {
  /** The CLI was started. */
  launched(): void;
  /** The CLI has called a hook, or its MCP server has. */
  begun(): void;
  stop(): void;
}

export interface BeginningOptions {
  readonly heartbeat: Pick<HeartbeatSender, "presence" | "update">;
  /** What the CLI may ask at its terminal before it begins; undefined without a terminal. */
  readonly mayAsk: string | undefined;
  /** After how long it should have begun. Default 5000. */
  readonly beginsWithinMs?: number | undefined;
}

const defaultBeginsWithinMs = 5_000;

export function createBeginning(options: BeginningOptions): Beginning {
  const { heartbeat, mayAsk, beginsWithinMs = defaultBeginsWithinMs } = options;
  const isOver = new AbortController();
  return {
    launched() {
      if (mayAsk === undefined) return;
      void pause(beginsWithinMs, isOver.signal).then(() => {
        if (!isOver.signal.aborted) heartbeat.update({ waits_at_terminal: mayAsk });
      });
    },
    begun() {
      isOver.abort();
      if (heartbeat.presence().waits_at_terminal) heartbeat.update({ waits_at_terminal: "" });
    },
    stop: () => isOver.abort(),
  };
}
