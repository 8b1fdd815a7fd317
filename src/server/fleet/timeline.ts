// The newest events of each agent, in memory, for its page. The whole history is in the stream AUDIT.
import { definedOf } from "../../domain/defined.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import type { CallFacts } from "../../domain/fleet/shown/fold-calls.ts";
import { idFromSequence } from "../../domain/receipts.ts";
import { commandLine, shutdownText } from "../../domain/text/order-text.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { AgentEvent } from "../../domain/wire/event-messages.ts";
import type { TimelineEntry } from "../server.ts";

const entriesKept = 100;

export interface Timelines {
  add(event: FleetEvent): void;
  remove(id: AgentId): void;
  /** Oldest first. */
  of(id: AgentId): readonly TimelineEntry[];
}

export function createTimelines(): Timelines {
  const entries = new Map<AgentId, TimelineEntry[]>();
  return {
    add(event) {
      const entry = timelineEntry(event);
      if (entry === undefined) return;
      const own = entries.get(event.id) ?? [];
      entries.set(event.id, own);
      own.push(entry);
      // Two streams are read at the same time, so entries can come slightly out of order.
      for (let i = own.length - 1; i > 0 && isBefore(own[i], own[i - 1]); i -= 1) swap(own, i);
      if (own.length > entriesKept) own.shift();
    },
    remove: (id) => {
      entries.delete(id);
    },
    of: (id) => entries.get(id) ?? [],
  };
}

/** Undefined for what tells a reader nothing new of the agent, such as heartbeats. */
function timelineEntry(event: FleetEvent): TimelineEntry | undefined {
  const { at } = event;
  switch (event.type) {
    case "heartbeat":
    case "nats_server":
    case "call":
    case "requests":
    case "tags":
      return undefined;
    case "connection": {
      const { isUp, reason } = event.connection;
      return { at, kind: "connection", text: isUp ? "connected" : `lost (${reason ?? "no reason"})` };
    }
    case "status": {
      const { status, message } = event.message;
      return { at, kind: "status", text: message == null ? status : `${status}: ${summaryOf(message)}` };
    }
    case "event": {
      const { kind, tool, detail, percent, error } = event.message;
      const words = [
        tool,
        error,
        percent === undefined ? undefined : `${percent} %`,
        detail == null ? undefined : summaryOf(detail),
      ];
      const text = words.filter((word) => word !== undefined).join(" ");
      return { at, kind, text, ...definedOf({ call: callFacts(event.message) }) };
    }
    case "receipt": {
      const { command_id, state, route, detail } = event.message;
      const by = route === undefined ? "" : ` by ${route}`;
      return {
        at,
        kind: "receipt",
        text: `${state}${by} ${command_id}${detail == null ? "" : `: ${summaryOf(detail)}`}`,
      };
    }
    case "command": {
      const { type, from, command_id = idFromSequence(event.stream_seq) } = event.message;
      return {
        at,
        kind: type,
        text: `from ${from ?? "unknown"} ${command_id} ${summaryOf(commandLine(event.message))}`.trimEnd(),
      };
    }
    case "shutdown":
      return { at, kind: "shutdown", text: summaryOf(shutdownText(event.message)) };
    case "message":
      return {
        at,
        kind: "message",
        text: `from ${event.message.from ?? "unknown"}: ${summaryOf(event.message.text)}`,
      };
  }
}

/** Undefined for an event that is not about a tool call. */
function callFacts({ kind, tool, detail, tool_use_id: id, subagent }: AgentEvent): CallFacts | undefined {
  if (tool === undefined || !kind.startsWith("tool_")) return undefined;
  return { tool, ...definedOf({ detail: detail == null ? undefined : summaryOf(detail), id, subagent }) };
}

function isBefore(a: TimelineEntry | undefined, b: TimelineEntry | undefined): boolean {
  return a !== undefined && b !== undefined && a.at < b.at;
}

function swap(entries: TimelineEntry[], i: number): void {
  const [later, earlier] = [entries[i - 1], entries[i]];
  if (later !== undefined && earlier !== undefined) entries.splice(i - 1, 2, earlier, later);
}
