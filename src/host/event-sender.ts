// Publishes what the agent's CLI does as `agent.{id}.event`, in order and numbered, so that the server can ignore a late or repeated one.
// Events that come while the connection is lost are kept, and sent when it is back.
import { setImmediate } from "node:timers";
import type { Link } from "../agent-link/link.ts";
import { definedOf } from "../domain/defined.ts";
import type { BackgroundTask, HookFacts } from "../domain/hook.ts";
import { shownModelName } from "../domain/model-server.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { EventKind, TouchedFile, Usage } from "../domain/wire/event-messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";

/** If the connection stays away, drops the oldest events: the newest ones tell the current state. */
const mostKept = 1_000;

export type SessionEvent = Omit<HookFacts, "kind"> & {
  readonly kind: EventKind;
  readonly usage?: Usage;
  /** With `tool_end`: the files that the tool has changed. */
  readonly files?: readonly TouchedFile[];
  /** With `transcript_lost`: how many entries. */
  readonly lost_entries?: number;
  /** What runs in the background; absent if nothing does. */
  readonly background?: readonly Omit<BackgroundTask, "id">[];
};

export interface EventSender {
  send(event: SessionEvent): void;
  /** Sends the kept events at once, if there is a connection, and stops listening for one. */
  stop(): void;
}

/** A model on a server of the user's own. It costs nothing, so the cost that the CLI reports is left out. */
export interface LocalModel {
  /** The model's name, in place of the server's name, which the CLI reports. Undefined if the launch names no model. */
  readonly name: string | undefined;
}

export interface EventSenderOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Link;
  readonly localModel?: LocalModel | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createEventSender({
  id,
  instanceId,
  link,
  localModel,
  now,
  log,
}: EventSenderOptions): EventSender {
  const generation = now().getTime();
  let seq = 0;
  const kept: object[] = [];
  /** Never throws: a caller must not fail because an event could not be sent. */
  const flush = () => {
    const bus = link.bus();
    while (bus !== undefined && kept.length > 0) {
      try {
        bus.publish(agentSubject(id, "event"), kept[0]);
      } catch (error) {
        log.debug(`an event is not sent: ${messageOf(error)}`);
        // The connection is closing: keep the events for the next one. Drop only an event that is too large to ever be sent.
        if (!(error instanceof CliaiError && error.code === "payload_too_large")) return;
      }
      kept.shift();
    }
  };
  const unlisten = link.onChange((bus) => {
    if (bus !== undefined) flush();
  });
  let isScheduled = false;
  /** Sends after the hook is answered, because the CLI waits for that answer. */
  const flushSoon = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      flush();
    });
  };
  return {
    send(event) {
      seq += 1;
      const numbered = { instance_id: instanceId, generation, seq, timestamp: now().toISOString() };
      kept.push({ agent_id: id, ...(localModel ? asLocal(event, localModel) : event), ...numbered });
      if (kept.length > mostKept) kept.shift();
      flushSoon();
    },
    stop() {
      flush();
      unlisten();
    },
  };
}

function asLocal({ usage, ...event }: SessionEvent, { name }: LocalModel): SessionEvent {
  if (usage === undefined) return event;
  const { estimated_cost: _, ...told } = usage;
  const model = name ?? (told.model === undefined ? undefined : shownModelName(told.model));
  return { ...event, usage: { ...told, ...definedOf({ model }) } };
}
