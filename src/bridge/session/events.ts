// Publishes what the agent's CLI does as `agent.{id}.event`, in order and numbered, so that a late or doubled one changes
// nothing (contract §6). What comes while the connection is lost is sent when it is back.
import type { AgentId } from "../../domain/agent-id.ts";
import type { HookFacts } from "../../domain/hook.ts";
import type { Usage } from "../../domain/messages.ts";
import { agentSubject } from "../../domain/subjects.ts";
import type { Link } from "../link.ts";

/** Of a connection that stays away the oldest are given up: the newest say what is. */
const mostKept = 1_000;

export type SessionEvent = HookFacts & { readonly usage?: Usage };

export interface EventSender {
  send(event: SessionEvent): void;
  stop(): void;
}

export interface EventSenderOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Link;
  readonly now: () => Date;
}

export function createEventSender({ id, instanceId, link, now }: EventSenderOptions): EventSender {
  const generation = now().getTime();
  let seq = 0;
  let kept: object[] = [];
  const flush = () => {
    const bus = link.bus();
    if (bus === undefined) return;
    const sending = kept;
    kept = [];
    for (const event of sending) bus.publish(agentSubject(id, "event"), event);
  };
  const unlisten = link.onChange((bus) => {
    if (bus !== undefined) flush();
  });
  return {
    send(event) {
      seq += 1;
      const numbered = { instance_id: instanceId, generation, seq, timestamp: now().toISOString() };
      kept.push({ agent_id: id, ...event, ...numbered });
      if (kept.length > mostKept) kept.shift();
      flush();
    },
    stop: () => unlisten(),
  };
}
