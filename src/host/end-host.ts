// The end of the host, after its CLI has ended: the last receipts, the goodbye, and the end of the connection.
import { type RunEnd, sayGoodbye } from "../agent-link/goodbye.ts";
import type { QueuedReceipt } from "../agent-link/receipt-queue.ts";
import { failedLaunchReceipt } from "../domain/receipts.ts";
import type { StatusReport } from "../domain/wire/messages.ts";
import { atMost } from "../waiting.ts";
import type { Hearing } from "./hearing.ts";
import type { Reporting } from "./reporting.ts";
import type { SessionOptions } from "./session-options.ts";
import type { Speaking } from "./speaking.ts";
import type { Steering } from "./steering.ts";

/** The last reports of a run that were not sent. */
export interface UnsentReports {
  readonly receipts: readonly QueuedReceipt[];
  readonly goodbye: StatusReport | undefined;
}

const goodbyeWithinMs = 2_000;

interface Stages {
  readonly reporting: Reporting;
  readonly speaking: Speaking;
  readonly steering: Steering;
  readonly hearing: Hearing;
}

export async function endHost(
  { agentId: id, instanceId, now, log }: SessionOptions,
  { reporting, speaking, steering, hearing }: Stages,
  { launchTask, ...end }: RunEnd,
): Promise<UnsentReports> {
  const how = endWords(end);
  const { link, heartbeat, events, receipts, transcript } = reporting;
  // The CLI may have ended before the connection was there. Wait for it, so that the goodbye is sent all the same.
  await link.connected(AbortSignal.timeout(goodbyeWithinMs)).catch(() => undefined);
  steering.started(undefined);
  hearing.stop();
  speaking.delivery.stop();
  heartbeat.stop();
  const takenBack = speaking.approvals.stop();
  await atMost(goodbyeWithinMs, steering.orders.stop());
  await steering.control.ended(how);
  if (launchTask !== undefined && !mayHaveTask({ reporting, speaking })) {
    const reason = end.as === "failed_to_start" ? how : `${how}; it had not taken its task`;
    receipts.write(failedLaunchReceipt(instanceId, launchTask, reason));
  }
  const [unstored] = await Promise.all([
    receipts.close(goodbyeWithinMs),
    takenBack,
    transcript.stop(goodbyeWithinMs),
  ]);
  if (speaking.turn.isHooked()) events.send({ kind: "session_end", detail: how });
  events.stop();
  const goodbye = sayGoodbye({ id, instanceId, link, now, log }, steering.control.stop(), end);
  await link.close(goodbyeWithinMs);
  return { receipts: unstored, goodbye };
}

/** Whether the CLI has shown that it has the task of its launch, or calls no hook by which it could show that. */
function mayHaveTask({ reporting, speaking }: Pick<Stages, "reporting" | "speaking">): boolean {
  const { unheld = "" } = reporting.heartbeat.presence();
  return speaking.turn.wasPrompted() || unheld !== "";
}

/** How the session ended, in words for the receipts of its orders and for the event `session_end`. */
function endWords({ how, as }: RunEnd): string {
  if (as === "crashed") return `its CLI crashed: ${how}`;
  return as === "ended" ? `its CLI has ended: ${how}` : how;
}
