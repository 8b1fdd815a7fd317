// Watches cliai's MCP server (the bridge) of a session, without which the agent has none of cliai's tools. Some CLIs end it without
// saying so, and most do not start it again when it has crashed.
import { definedOf } from "../../domain/defined.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import type { EventSender } from "../event-sender.ts";

export interface BridgeWatch {
  /** The session is open: its CLI should start the bridge soon. Further calls change nothing. */
  ready(): void;
  /** The bridge has told something, so it is there. */
  came(): void;
  /** The connection of a bridge has begun, or that of the last one has ended. */
  link(isUp: boolean): void;
  stop(): void;
}

export interface BridgeWatchOptions {
  readonly id: AgentId;
  readonly events: Pick<EventSender, "send">;
  /** What the CLI does when the bridge has ended, in words. Absent: it does not start it again. */
  readonly whenEnded: string | undefined;
  /** Whether the CLI starts an ended bridge again and does not use it: then the agent stays without cliai's tools. */
  readonly leavesItUnused?: boolean | undefined;
  /** Whether the agent is being stopped: then its CLI ends, and the bridge with it. */
  readonly isStopping: () => boolean;
  readonly log: Logger;
  /** How long the CLI may take to start the bridge once its session is open. Default 15000. */
  readonly startsWithinMs?: number | undefined;
  /** How long an ended bridge may be away before this is reported, because a CLI that ends also ends its bridge. Default 5000. */
  readonly awayForMs?: number | undefined;
}

const defaultStartsWithinMs = 15_000;
const defaultAwayForMs = 5_000;

export function createBridgeWatch(options: BridgeWatchOptions): BridgeWatch {
  const { id, events, isStopping, log } = options;
  const { startsWithinMs = defaultStartsWithinMs, awayForMs = defaultAwayForMs } = options;
  const again = `stop the agent, then: cliai resume ${id}`;
  const { whenEnded, leavesItUnused = false } = options;
  const isOver = new AbortController();
  /** Aborts when a bridge is there. */
  let waiting = new AbortController();
  let isReady = false;
  let wasThere = false;
  let isToldLost = false;
  /** Whether a bridge has ended in the open session of a CLI that leaves the next one unused. */
  let isLostForGood = false;
  /** @param remedy what a person can do; undefined if the CLI starts the bridge again by itself */
  const tellUnlessThere = async (withinMs: number, detail: string, remedy?: string) => {
    const there = waiting.signal;
    await pause(withinMs, AbortSignal.any([isOver.signal, there]));
    if (isOver.signal.aborted || there.aborted || isStopping()) return;
    isToldLost = true;
    log.error([detail, remedy].filter(Boolean).join(": "));
    events.send({ kind: "tools_lost", detail, ...definedOf({ remedy }) });
  };
  const came = () => {
    wasThere = true;
    if (isLostForGood) return;
    waiting.abort();
    if (!isToldLost) return;
    isToldLost = false;
    events.send({ kind: "tools_back", detail: "cliai's MCP server runs: the agent has cliai's tools again" });
  };
  return {
    ready() {
      if (isReady) return;
      isReady = true;
      if (wasThere) return;
      const detail = `its CLI has not started cliai's MCP server within ${startsWithinMs / 1_000} s: the agent has none of cliai's tools`;
      void tellUnlessThere(startsWithinMs, detail, again);
    },
    came,
    link(isUp) {
      if (isUp) return came();
      if (isLostForGood) return;
      waiting = new AbortController();
      const unused = leavesItUnused ? "its CLI does not use another one" : undefined;
      const words = whenEnded ?? unused ?? "its CLI does not start it again";
      const remedy = whenEnded === undefined ? again : undefined;
      isLostForGood = isReady && leavesItUnused;
      void tellUnlessThere(awayForMs, `cliai's MCP server has ended: ${words}`, remedy);
    },
    stop: () => isOver.abort(),
  };
}
