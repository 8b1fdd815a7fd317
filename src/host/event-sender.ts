// Publishes what the agent's CLI does as `agent.{id}.event`, in order and numbered, so that a late or doubled one changes
// nothing (contract §6). What comes while the connection is lost is sent when it is back.
import { setImmediate } from "node:timers";
import type { Link } from "../agent-link/link.ts";
import type { BackgroundTask, HookFacts } from "../domain/hook.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { EventKind, Usage } from "../domain/wire/messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";

/** Of a connection that stays away the oldest are given up: the newest say what is. */
const mostKept = 1_000;

export type SessionEvent = Omit<HookFacts, "kind"> & {
  readonly kind: EventKind;
  readonly usage?: Usage;
  /** What runs in the background, where something does. */
  readonly background?: readonly Omit<BackgroundTask, "id">[];
};

export interface EventSender {
  send(event: SessionEvent): void;
  /** Sends at once what was not sent yet, if there is a connection. */
  stop(): void;
}

export interface EventSenderOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Link;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createEventSender({ id, instanceId, link, now, log }: EventSenderOptions): EventSender {
  const generation = now().getTime();
  let seq = 0;
  const kept: object[] = [];
  /** Nothing that is told here may fail for it. */
  const flush = () => {
    const bus = link.bus();
    while (bus !== undefined && kept.length > 0) {
      try {
        bus.publish(agentSubject(id, "event"), kept[0]);
      } catch (error) {
        log.debug(`an event is not sent: ${messageOf(error)}`);
        // The connection is closing: what is kept goes with the next one. But for what can never be sent.
        if (!(error instanceof CliaiError && error.code === "payload_too_large")) return;
      }
      kept.shift();
    }
  };
  const unlisten = link.onChange((bus) => {
    if (bus !== undefined) flush();
  });
  let isScheduled = false;
  /** After the answer of the hook that tells it: the CLI's call waits for that one. */
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
      kept.push({ agent_id: id, ...event, ...numbered });
      if (kept.length > mostKept) kept.shift();
      flushSoon();
    },
    stop() {
      flush();
      unlisten();
    },
  };
}
