// Runs all checks in their order. Each leaves the agent as it was, except checkGoodbye, which ends it.
import { checkConnection } from "./connection.ts";
import { type Finding, untried } from "./finding.ts";
import { checkGoodbye } from "./goodbye.ts";
import { checkHeartbeats } from "./heartbeats.ts";
import { checkForeignRun, checkPause } from "./pauses.ts";
import { checkReports } from "./reports.ts";
import type { Stage } from "./stage.ts";
import { checkExpired, checkRepetition, checkTask } from "./tasks.ts";

export interface CheckOptions {
  /** Whether the agent may be stopped at the end. */
  readonly isStopAgreed: boolean;
  /** Whether nats-server reports to this server which connections begin and end. */
  readonly hearsConnections: boolean;
  /** Called with true before the agent is paused and with false after it is resumed, so that an interrupted check can resume it. */
  readonly onPaused: (isPaused: boolean) => void;
  /** Called with the findings of each check as soon as it is done. */
  readonly report: (...findings: readonly Finding[]) => void;
}

const withoutStop = untried(
  "stop and goodbye",
  "no stop was sent",
  "agree to a stop of the agent: add --stop",
);

export async function runChecks(stage: Stage, options: CheckOptions): Promise<void> {
  const { isStopAgreed, hearsConnections, onPaused, report } = options;
  report(...(await checkHeartbeats(stage)));
  await stage.untilOrdersAreAwaited();
  const { findings, task } = await checkTask(stage);
  report(...findings);
  report(await checkRepetition(stage, task));
  report(await checkExpired(stage));
  report(...(await checkPause(stage, onPaused)));
  report(await checkForeignRun(stage, onPaused));
  report(...(isStopAgreed ? await checkGoodbye(stage) : [withoutStop]));
  report(await checkConnection(stage, { hearsConnections, hasEnded: isStopAgreed }));
  report(...checkReports(stage));
}
