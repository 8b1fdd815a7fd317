// The second stage of the host: tells the session its orders, and asks people on its behalf. It uses the first stage only.

import { noteTokens } from "../agent-link/receipt-queue.ts";
import { createToolCaller } from "../agent-link/tool-call.ts";
import { definedOf } from "../domain/defined.ts";
import { type Approvals, createApprovals } from "./approvals.ts";
import { type Background, createBackground } from "./hear/background.ts";
import { createTurn, type Turn } from "./hear/turn.ts";
import type { Reporting } from "./reporting.ts";
import { createDelivery, type Delivery } from "./routes/delivery.ts";
import { createRoutes, type Routes } from "./routes/routes.ts";
import { createTakeItems } from "./routes/take-items.ts";
import type { SessionOptions } from "./session-options.ts";

export interface Speaking {
  readonly turn: Turn;
  readonly background: Background;
  readonly routes: Routes;
  readonly delivery: Delivery;
  readonly approvals: Approvals;
  /** Looks into the agent's inbox, unless the session's stream is not open yet. */
  nudge(): void;
}

/** The call of a request waits this much longer than the request is open: see `approvals.ts`. */
const callWaitsLongerS = 5;
const defaultReachWithinMs = 10_000;

export function createSpeaking(
  options: SessionOptions,
  { link, heartbeat, receipts, textHold }: Reporting,
): Speaking {
  const { agentId: id, instanceId, createId, hasStream = false, log, now } = options;
  const turn = createTurn();
  const background = createBackground({ isTurnOpen: turn.isOpen });
  const allowed = options.routes ?? options.cli.routes;
  const routes = createRoutes({
    ...{ turn, background, allowed, hasStream, log },
    isOrderSet: options.routes !== undefined,
    writeToSocket: options.cli.writeToSocket,
    ...definedOf({ hookTexts: options.cli.hookTexts }),
  });
  const call = createToolCaller({
    ...{ id, link, createId, instanceId: () => instanceId, beat: heartbeat.beat },
    reachWithinMs: options.reachWithinMs ?? defaultReachWithinMs,
    onDone: () => undefined,
    onTokens: (tokens) => noteTokens(receipts, tokens),
    // Write no receipts here: `createDelivery` writes them for items of the inbox, and `createHookIntake` for an answer once the CLI has it.
    onHandedOver: () => undefined,
  });
  const approvals = createApprovals({
    ...{ call, createId, log },
    stopApproval: options.stopApproval,
    ...{ permissions: options.permissions, holdMs: options.holdMs },
    unanswered: options.unanswered ?? {
      policy: "refuse",
      afterS: Math.floor(options.holdMs / 1_000) - callWaitsLongerS,
    },
  });
  const sessionId = () => heartbeat.presence().session_id ?? options.facts.session_id;
  const delivery = createDelivery({
    routes: routes.allowed,
    operatorFirst: routes.ofUser,
    hold: textHold,
    takeItems: createTakeItems({ call, receipts, instanceId, sessionId }),
    writeReceipt: (receipt) => receipts.write({ ...receipt, run: instanceId }),
    onWait: (why) => {
      if (why !== (heartbeat.presence().waits_because ?? "")) heartbeat.update({ waits_because: why });
    },
    ...{ now, log },
  });
  const nudge = () => {
    if (!hasStream || routes.isReady()) delivery.nudge();
  };
  textHold.onLetGo(nudge);
  return { turn, background, routes, delivery, approvals, nudge };
}
