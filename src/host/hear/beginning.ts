// Notices that a CLI on a terminal has not begun in time. It may be asking its user something before it calls a hook or starts its MCP
// server, and only its terminal shows that.
import type { HeartbeatSender } from "../../agent-link/heartbeat.ts";
import { pause } from "../../waiting.ts";

export interface Beginning {
  /** The CLI was started. */
  launched(): void;
  /** The CLI has begun: it has called a hook, or its MCP server has started. */
  begun(): void;
  stop(): void;
}

export interface BeginningOptions {
  readonly heartbeat: Pick<HeartbeatSender, "presence" | "update">;
  /** Words for what the CLI may ask at its terminal before it begins; undefined without a terminal. */
  readonly mayAsk: string | undefined;
  /** How long the CLI may take to begin. Default 5000. */
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
