// Connects the requests with the rest of the server: puts them into the agents' records, tells the captains, takes the people's answers.

import { findRequest } from "../../domain/find-request.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { buildAnswer } from "../../domain/request-answer.ts";
import { type AgentRequest, openRequestOf } from "../../domain/requests.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { RequestDesk } from "../server-desks.ts";
import { alertOfEscalations, notifyCaptains } from "./captain-notices.ts";
import { withdrawalOf, withdrawWithRuns } from "./ended-calls.ts";
import { type RequestService, startRequests } from "./request-store.ts";

export interface RequestDeskOptions {
  readonly replicas: number;
  readonly fleet: FleetState;
  readonly onEvent: (event: FleetEvent) => void;
  readonly alerts: Pick<Alerts, "raise" | "resolve">;
  readonly roleOf: RoleOf;
  /** What a request is stored as: answered at once, if a standing rule covers it. */
  readonly settle: (request: AgentRequest) => Promise<AgentRequest>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when each agent's record has its open requests. */
export async function openRequestDesk(
  bus: Bus,
  options: RequestDeskOptions,
): Promise<RequestService & RequestDesk> {
  const { fleet, onEvent, alerts, roleOf, settle, now, log } = options;
  const requests = await startRequests(bus, options);

  const note = (id: AgentId) => {
    const open = requests.open().filter(({ agent_id }) => agent_id === id);
    // An unknown agent gets a record only for open requests.
    if (open.length === 0 && fleet.record(id) === undefined) return;
    onEvent({ type: "requests", id, at: now().toISOString(), open: open.map(openRequestOf) });
  };
  // The records may be older than the requests, so update every agent that has open requests or whose record shows some.
  const named = new Set(requests.open().map(({ agent_id }) => agent_id));
  for (const { agent_id, requests: shown } of fleet.list()) if (shown !== undefined) named.add(agent_id);
  for (const id of named) note(id);

  const endings = [
    requests.onChange(({ agent_id }) => note(agent_id)),
    notifyCaptains({ bus, fleet, requests, roleOf, now, log }),
    alertOfEscalations(requests, alerts),
    withdrawWithRuns({ isConnected: bus.isConnected, record: fleet.record, requests, now, log }),
  ];
  return {
    ...requests,
    ask: async (request) => await requests.ask(await settle(request)),
    async answer(text, words, by) {
      const found = findRequest(text, requests.all());
      const withdrawal = withdrawalOf(found, fleet.record(found.agent_id), now());
      // Withdraw the request first if its run has just ended. Then the answer below is refused with the reason.
      if (withdrawal !== undefined) await requests.decide(found.request_id, withdrawal);
      return await requests.decide(found.request_id, (request) => ({
        type: "answer",
        answer: buildAnswer(request, words, by, now()),
      }));
    },
    async stop() {
      for (const end of endings) end();
      await requests.stop();
    },
  };
}
