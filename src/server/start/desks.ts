// The third stage of a server: answers the agents' tool calls, keeps their requests and their inboxes, and the queues before model servers.

import { mayRunLive } from "../../domain/fleet/runs.ts";
import { parseOnLimit } from "../../domain/limits/on-limit-rules.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { type Budgets, openBudgets } from "../budgets/budget-desk.ts";
import { openBudgetsByOperator } from "../budgets/budgets-by-operator.ts";
import { openReservationDesk } from "../files/reservation-desk.ts";
import { openReservationsByOperator } from "../files/reservations-by-operator.ts";
import { requireCaughtUp } from "../fleet/caught-up.ts";
import { openFleetDesk } from "../fleet/fleet-desk.ts";
import { createRoleOf } from "../fleet/role-by-heartbeat.ts";
import { openTagDesk } from "../fleet/tag-desk.ts";
import { openHolding } from "../holding/holding.ts";
import { openCancelDesk } from "../inbox/cancel-desk.ts";
import { type Holds, openHolds } from "../inbox/holds.ts";
import { createInbox } from "../inbox/inbox.ts";
import { watchLimits } from "../limits/limits.ts";
import { type LeaseDesk, openLeaseDesk } from "../model-queue/lease-desk.ts";
import { openRequestDesk } from "../requests/request-desk.ts";
import type { RequestService } from "../requests/request-store.ts";
import { openRuleDesk } from "../rules/rule-desk.ts";
import { openRulesByOperator } from "../rules/rules-by-operator.ts";
import type { LaunchAgent } from "../server.ts";
import type { Holding, RequestDesk, RuleDesk } from "../server-desks.ts";
import { answerToolCalls } from "../tools/tool-calls.ts";
import type { FleetReading } from "./fleet-reading.ts";
import type { Foundation } from "./foundation.ts";
import type { ServerOptions } from "./server-options.ts";

export interface Desks {
  readonly requests: RequestService & RequestDesk;
  readonly rules: RuleDesk;
  readonly budgets: Budgets;
  readonly holds: Holds;
  readonly holding: Holding;
  readonly modelQueues: LeaseDesk["figures"];
  /** Takes no new calls. Calls that have begun go on. */
  close(): void;
  stop(): Promise<void>;
}

export async function openDesks(
  foundation: Foundation,
  { projector, orderEnds, onEvent, onRemoved, flush }: FleetReading,
  options: ServerOptions,
): Promise<Desks> {
  const { bus, replicas, lease, fleet, alerts, records, malformed, listening, now, log } = foundation;
  const { spending, work, observer } = foundation;
  const { insecure, launchAgent = launchNone, roleOf = createRoleOf(fleet) } = options;
  const rules = await openRuleDesk(bus, { replicas, lease, fleet, now, log });
  const asked = { replicas, fleet, onEvent, alerts, roleOf, settle: rules.settle, now, log };
  const requests = await openRequestDesk(bus, asked);
  const mayLive = (id: AgentId, instanceId: string) => mayRunLive(fleet.record(id), instanceId);
  const reservations = await openReservationDesk(bus, { replicas, lease, fleet, mayLive, now, log });
  const holds = await openHolds(bus, { replicas, mayLive, now, log });
  const inbox = createInbox({ bus, fleet, projector, holds, requests, roleOf, onEvent, now });
  const leaseDesk = openLeaseDesk(bus, { lease, fleet, roleOf, onMalformed: malformed.takeOwn, log });
  const ruleDesk = rules.desk(requests);
  const readAll = (id: AgentId) => requireCaughtUp(projector, id);
  const holding = await openHolding(bus, { replicas, lease, fleet, onEvent, readAll, now, log });
  const { zone, prices } = options.budgets ?? { zone: "UTC", prices: () => new Map() };
  const budgets = await openBudgets(bus, { replicas, fleet, spending, zone, prices, now, log });
  const onLimit = parseOnLimit(options.onLimit ?? "resume");
  const endLimits = await watchLimits(bus, { replicas, lease, fleet, holding, onLimit, readAll, now, log });
  const endings = [
    answerToolCalls({
      ...{ bus, fleet, inbox, requests, reservations, roleOf, launchAgent, insecure, now, log },
      changedLately: foundation.sameFiles.lately,
      catchUp: projector.catchUp,
      readAll,
      orderEnds,
      onMalformed: malformed.takeOwn,
      onAnswered(call, trace) {
        records.toolCall(call);
        work.answered(call);
        observer?.answered(call, fleet.record(call.id), trace);
      },
    }),
    openTagDesk(bus, { lease, fleet, onEvent, flush, now, log }),
    openCancelDesk(bus, { fleet, holds, projector, orderEnds, now, log }),
    openRulesByOperator(bus, ruleDesk, requests, log),
    openBudgetsByOperator(bus, budgets, lease, log),
    onRemoved((id) => {
      if (!lease.isLeader()) return;
      const because = (error: unknown) =>
        log.warn(`the budgets of ${id}, which is removed: ${messageOf(error)}`);
      budgets.forget(id).catch(because);
    }),
    openReservationsByOperator({ bus, reservations, fleet, now, log }),
    leaseDesk.close,
    requests.onChange((request) => {
      if (lease.isLeader()) observer?.requested(request, fleet.record(request.agent_id));
    }),
    openFleetDesk(bus, { fleet, spending, budgets, listeningSince: listening.since, now, log }),
  ];
  return {
    requests,
    rules: ruleDesk,
    budgets,
    holds,
    holding,
    modelQueues: leaseDesk.figures,
    close() {
      for (const end of endings) end();
    },
    async stop() {
      await requests.stop();
      await rules.stop();
      await endLimits();
      await holding.stop();
      await reservations.stop();
      await budgets.stop();
      await holds.stop();
    },
  };
}

const launchNone: LaunchAgent = () =>
  Promise.reject(
    new CliaiError("refused", "this server launches no agents", { hint: "launch one with: cliai spawn" }),
  );
