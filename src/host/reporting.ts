// The first stage of the host: the agent's connection to NATS, and what the host sends over it (heartbeats, events, receipts).
import { type HeartbeatSender, startHeartbeat } from "../agent-link/heartbeat.ts";
import { type Link, startLink } from "../agent-link/link.ts";
import { createReceiptQueue, type ReceiptQueue } from "../agent-link/receipt-queue.ts";
import { buildConnectionName } from "../domain/wire/connection-name.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { createEventSender, type EventSender } from "./event-sender.ts";
import { createSessionFiles, type SessionFiles } from "./files/session-files.ts";
import { type LimitSender, withLimits } from "./limit-notes.ts";
import { createTextHold, type TextHold } from "./routes/text-hold.ts";
import type { SessionOptions } from "./session-options.ts";
import {
  createSessionTranscript,
  noTranscript,
  type SessionTranscript,
} from "./transcript/session-transcript.ts";
import { createTranscriptSender } from "./transcript/transcript-sender.ts";

export interface Reporting {
  readonly link: Link;
  readonly heartbeat: HeartbeatSender;
  readonly events: LimitSender;
  readonly textHold: TextHold;
  readonly receipts: ReceiptQueue;
  readonly files: SessionFiles;
  readonly transcript: SessionTranscript;
}

const unheldLength = 500;

export function startReporting(options: SessionOptions): Reporting {
  const { agentId: id, instanceId, url, credsPath, facts, localModel, log, now } = options;
  const { heartbeatIntervalS: intervalS } = options;
  const name = buildConnectionName(id, instanceId);
  const link = startLink(() => connectBus({ url, name, credsPath, inboxPrefix: inboxPrefix(id), log }), log);
  const heartbeat = startHeartbeat({ id, instanceId, facts, intervalS, link, now, log });
  if (options.unheld !== undefined) heartbeat.update({ unheld: options.unheld.slice(0, unheldLength) });
  if (options.hasLaunchTask === true) heartbeat.update({ has_launch_task: true });
  const sender = createEventSender({ id, instanceId, link, localModel, now, log });
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const textHold = createTextHold(now);
  const events = withLimits(sender, now, zone, textHold.noteEvent);
  const sessionId = () => heartbeat.presence().session_id ?? facts.session_id;
  return {
    ...{ link, heartbeat, events, textHold },
    receipts: createReceiptQueue({ id, link, now, log }),
    files: createSessionFiles({
      ...{ id, link, now, log },
      mode: options.reservations ?? "warn",
      cwd: facts.project_path,
    }),
    transcript: startTranscript(options, { link, events, sessionId }),
  };
}

function startTranscript(
  { agentId: id, instanceId, cli, transcript, createId, now, log }: SessionOptions,
  {
    link,
    events,
    sessionId,
  }: { readonly link: Link; readonly events: EventSender; readonly sessionId: () => string | undefined },
): SessionTranscript {
  if (transcript === undefined) return noTranscript;
  const onLost = (count: number, detail: string) =>
    events.send({ kind: "transcript_lost", detail, lost_entries: count });
  const sender = createTranscriptSender({ id, instanceId, link, onLost, now, log });
  const readEntries = cli.readRecordEntries;
  return createSessionTranscript({ ...transcript, sender, readEntries, sessionId, createId, log });
}
