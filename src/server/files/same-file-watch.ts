// Warns two agents that change the same file: both by a message, and the operator by an alert, once for each pair of runs and file. Every serve notes
// what is changed, so that one that becomes the leader knows it; only the leader warns.
import { createHash } from "node:crypto";
import {
  createTouches,
  type Meeting,
  meetingAlert,
  meetingName,
  meetingWords,
  type Touch,
  type Touches,
} from "../../domain/files/meetings.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import { createOrderToken, messageStoredAs } from "../order-names.ts";
import { storeOnce } from "../removed-agents.ts";

/** The kind of the alert. */
const sameFileAlert = "same_file";

export interface SameFileWatch {
  /**
   * Takes an event of the fleet.
   * @param isNews false for one that was read before an earlier start: it is noted, and nobody is warned
   */
  take(event: FleetEvent, isNews: boolean): void;
  /** What an agent has changed lately, the newest first. */
  readonly lately: Touches["lately"];
}

export interface SameFileOptions {
  readonly bus: Bus;
  readonly fleet: Pick<FleetState, "record">;
  readonly alerts: Pick<Alerts, "raiseOwn">;
  readonly lease: Pick<Lease, "isLeader">;
  /** Whether this run of the agent may still live. A run that has ended is not warned of. */
  readonly mayLive: (id: AgentId, instanceId: string) => boolean;
  /** How long two changes of a file may be apart; 0: nobody is warned. */
  readonly withinMs: number;
  readonly now: () => Date;
  readonly log: Logger;
}

/** How many pairs and files are remembered as told; the stream knows them for a day. */
const mostTold = 10_000;

export function createSameFileWatch(options: SameFileOptions): SameFileWatch {
  const { fleet, lease, mayLive, withinMs, log } = options;
  const touches = createTouches(withinMs);
  const told = new Set<string>();
  const isLive = ({ agent_id, instance_id }: Touch) =>
    fleet.record(agent_id) !== undefined && (instance_id === undefined || mayLive(agent_id, instance_id));
  const tell = (name: string, notes: readonly Note[], alert: string, agentId: AgentId) => {
    if (told.has(name)) return;
    told.add(name);
    const [oldest] = told;
    if (told.size > mostTold && oldest !== undefined) told.delete(oldest);
    warn(options, name, notes, alert, agentId).catch((error: unknown) => {
      log.debug(`two agents in one file are not warned yet: ${messageOf(error)}`);
      told.delete(name); // the next change tries again
    });
  };
  const tellMeeting = (meeting: Meeting) => {
    const { earlier, later } = meeting;
    if (!isLive(earlier)) return;
    const notes = [earlier, later].map((own) => ({
      to: own.agent_id,
      from: own === later ? earlier.agent_id : later.agent_id,
      text: meetingWords(meeting, own),
    }));
    tell(meetingName(meeting), notes, meetingAlert(meeting), later.agent_id);
  };
  /** @param holder who has reserved the file, as the host of the toucher has heard */
  const tellReserved = ({ agent_id: id, instance_id = "", path }: Touch, holder: AgentId) => {
    const run = fleet.record(holder)?.heartbeat?.instance_id;
    if (run === undefined || holder === id) return;
    const notes = [
      {
        to: id,
        from: holder,
        text: `You have changed ${path}, which ${holder} has reserved. Change it no further before you have asked ${holder}: send_message. list_agents shows what is reserved.`,
      },
      {
        to: holder,
        from: id,
        text: `${id} has just changed ${path}, which you have reserved. Look at the file as it is now, and agree with ${id} who goes on with it: send_message.`,
      },
    ];
    const alert = `${id} has changed ${path}, which ${holder} has reserved`;
    tell(JSON.stringify(["reserved", id, instance_id, holder, run, path]), notes, alert, id);
  };
  return {
    lately: touches.lately,
    take(event, isNews) {
      if (event.type !== "event" || event.message.kind !== "tool_end") return;
      const { id, at, message } = event;
      const machine = fleet.record(id)?.host;
      const mayWarn = isNews && lease.isLeader();
      for (const { path, root, repository, reserved_by } of message.files ?? []) {
        const facts = { path, root, repository, machine, atMs: Date.parse(at) };
        const touch: Touch = { agent_id: id, instance_id: message.instance_id, ...facts };
        const meetings = withinMs === 0 ? [] : touches.note(touch);
        if (!mayWarn) continue;
        if (isAgentId(reserved_by)) tellReserved(touch, reserved_by);
        for (const meeting of meetings) if (meeting.earlier.agent_id !== reserved_by) tellMeeting(meeting);
      }
    },
  };
}

interface Note {
  readonly to: AgentId;
  /** The agent that it is about: the message is in their conversation. */
  readonly from: string;
  readonly text: string;
}

/** The stream knows by the messages' ids for a day whether they were stored, so that a restarted serve warns nobody again. */
async function warn(
  { bus, alerts, now }: SameFileOptions,
  name: string,
  notes: readonly Note[],
  alert: string,
  agentId: AgentId,
): Promise<void> {
  const message_id = `same-file-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  const stored = await Promise.all(
    notes.map(({ to, from, text }) => {
      const facts = { message_id, token: createOrderToken(), from, to, thread: message_id };
      const message = { ...facts, text: `Notice of cliai: ${text}`, timestamp: now().toISOString() };
      const place = {
        id: to,
        subject: agentSubject(to, "message"),
        storedAs: messageStoredAs(to, message_id),
      };
      return storeOnce(bus, place, message);
    }),
  );
  if (stored.some(({ duplicate }) => !duplicate)) {
    alerts.raiseOwn({ kind: sameFileAlert, severity: "warning", agentId, message: alert });
  }
}
