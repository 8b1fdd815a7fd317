// This room is the host: the process around one session of an agent's CLI. It is made in four stages, one a file.
//
// The host of one agent's session, run by `cliai spawn` around the CLI: it hears the CLI's hooks, takes the agent's orders
// off NATS, speaks to the session by whichever way is open, and says what became of each. The CLI's tools are the bridge's.
// It is made in four stages, each of what the ones before it have made.
import { type RunEnd, sayGoodbye } from "../agent-link/goodbye.ts";
import type { BridgeNews } from "../agent-link/host-protocol.ts";
import { definedOf } from "../domain/defined.ts";
import type { TurnResult } from "../domain/hook.ts";
import { failedLaunchReceipt } from "../domain/receipts.ts";
import { atMost } from "../waiting.ts";
import type { SessionEvent } from "./event-sender.ts";
import type { HookIntake } from "./hear/hook-intake.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import { type Reporting, startReporting } from "./reporting.ts";
import type { OwnRoutes } from "./routes/routes.ts";
import type { SessionOptions } from "./session-options.ts";
import { createSpeaking, type Speaking } from "./speaking.ts";
import type { CliProcess } from "./steer/cli-process.ts";
import { type Steering, startSteering } from "./steering.ts";

export interface Host extends Pick<HookIntake, "hook" | "observe">, Pick<Hearing, "telemetry" | "takeSign"> {
  /** What the MCP server tells. */
  bridgeNews(news: BridgeNews): void;
  bridgeLink(isUp: boolean): void;
  /** Sends an event that the CLI showed otherwise than by a hook. */
  report(event: SessionEvent): void;
  /** The CLI says that a turn is over: the end of the tasks that it had, unless the agent has told another. */
  turnResult(result: TurnResult): void;
  /** The CLI runs. */
  attach(process: CliProcess): void;
  /** It takes words by these routes. */
  open(own: OwnRoutes): void;
  /** The CLI has ended, in these words: says goodbye, and leaves nothing behind. */
  end(end: RunEnd): Promise<void>;
}

const goodbyeWithinMs = 2_000;

export function startHost(options: SessionOptions): Host {
  const beganMs = performance.now();
  const reporting = startReporting(options);
  const speaking = createSpeaking(options, reporting);
  const steering = startSteering(options, beganMs, reporting, speaking);
  const hearing = createHearing(options, reporting, speaking, steering);
  const { heartbeat, events } = reporting;
  const { routes, delivery, nudge } = speaking;
  return {
    hook: hearing.hook,
    observe: hearing.observe,
    telemetry: hearing.telemetry,
    takeSign: hearing.takeSign,
    turnResult: hearing.turnEnds.takeResult,
    bridgeNews({ messaging: socket, ...news }) {
      if (socket !== undefined) routes.openSocket(socket);
      heartbeat.update(definedOf(withoutGreeting(news, heartbeat.presence().status)));
      nudge();
    },
    bridgeLink(isUp) {
      if (!isUp) events.send({ kind: "tools_lost", detail: "the agent's MCP server has ended" });
    },
    report: (event) => events.send(event),
    attach: (process) => steering.started(process),
    open(own) {
      routes.open(own);
      if (own.stream?.carriesHooks === true) hearing.noteHeld();
      if (routes.isReady()) delivery.nudge();
    },
    end: (end) => endHost(options, { reporting, speaking, steering, hearing }, end),
  };
}

interface Stages {
  readonly reporting: Reporting;
  readonly speaking: Speaking;
  readonly steering: Steering;
  readonly hearing: Hearing;
}

async function endHost(
  { agentId: id, instanceId, now, log }: SessionOptions,
  { reporting, speaking, steering, hearing }: Stages,
  { how, hasFailedToStart = false, failedTask }: RunEnd,
): Promise<void> {
  const { link, heartbeat, events, receipts } = reporting;
  // An end that comes before the connection is there is to be told all the same.
  await link.connected(AbortSignal.timeout(goodbyeWithinMs)).catch(() => undefined);
  steering.started(undefined);
  hearing.stop();
  speaking.delivery.stop();
  heartbeat.stop();
  const takenBack = speaking.approvals.stop();
  await atMost(goodbyeWithinMs, steering.orders.stop());
  await steering.control.ended(how);
  if (failedTask !== undefined) receipts.write(failedLaunchReceipt(instanceId, failedTask, how));
  await Promise.all([receipts.close(goodbyeWithinMs), takenBack]);
  if (speaking.turn.isHooked()) events.send({ kind: "session_end", detail: how });
  events.stop();
  sayGoodbye({ id, instanceId, link, now, log }, steering.control.stop(), { how, hasFailedToStart });
  await link.close(goodbyeWithinMs);
}

/** A further MCP server of the CLI that begins says `connected`, which is news only of an agent that has said nothing yet. */
function withoutGreeting<News extends Pick<BridgeNews, "status">>(news: News, status: string): News {
  return news.status === "connected" && status !== "starting" ? { ...news, status: undefined } : news;
}
