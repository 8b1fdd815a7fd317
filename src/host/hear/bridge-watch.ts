// Notices that a CLI has not started cliai's MCP server. Some drop the server without a word, and then the agent has none of its tools.
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import type { EventSender } from "../event-sender.ts";

export interface BridgeWatch {
  /** The session is ready: its MCP server should be there within this time. Undefined if that need not be watched. */
  ready(withinMs: number | undefined): void;
  /** The bridge is there. */
  came(): void;
  stop(): void;
}

export function createBridgeWatch(events: Pick<EventSender, "send">, log: Logger): BridgeWatch {
  const isOver = new AbortController();
  const tellIfMissing = async (withinMs: number) => {
    await pause(withinMs, isOver.signal);
    if (isOver.signal.aborted) return;
    const detail = `its CLI has not started cliai's MCP server within ${withinMs / 1_000} s: the agent has none of cliai's tools`;
    log.error(detail);
    events.send({ kind: "tools_lost", detail });
  };
  return {
    ready(withinMs) {
      if (withinMs !== undefined) void tellIfMissing(withinMs);
    },
    came: () => isOver.abort(),
    stop: () => isOver.abort(),
  };
}
