// This room is what `serve` does with the bus: it keeps the fleet, stores orders, answers tools.
//
// Builds the server over a bus: streams, fleet, tool calls, alerts. HTTP, nats-server and files are not its task:
// `src/cli/serve/serve.ts` has them.
import { startSigning } from "../audit/start-signing.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { checkMessage } from "../domain/wire/decode.ts";
import { HeartbeatSchema } from "../domain/wire/messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { readConsumerLags } from "../nats/jetstream/stores.ts";
import { createBudgetDesk } from "./budgets/budgets-by-operator.ts";
import { requireCaughtUp } from "./fleet/caught-up.ts";
import { createFleetAnswers } from "./fleet/fleet-desk.ts";
import { askForTags } from "./fleet/tag-desk.ts";
import { askForCancel } from "./inbox/cancel-desk.ts";
import { storeOperatorMessage } from "./operator-message.ts";
import { createAuditVerifier, verifyStream } from "./reports/audit-verdict.ts";
import { createHistory } from "./reports/history.ts";
import { openReportDesk } from "./reports/report-desk.ts";
import { readSystemFacts } from "./reports/system-facts.ts";
import { createWorkReports } from "./reports/work-facts.ts";
import { recordKeystrokes } from "./screens/keystrokes.ts";
import { createScreens } from "./screens/screens.ts";
import { storeCommand } from "./send-command.ts";
import type { Server } from "./server.ts";
import { openDesks } from "./start/desks.ts";
import { readFleet } from "./start/fleet-reading.ts";
import { type Foundation, layFoundation } from "./start/foundation.ts";
import { healthOf, troubleOf } from "./start/health.ts";
import type { ServerOptions } from "./start/server-options.ts";
import { endLost, startWatches } from "./start/watches.ts";
import { readKept } from "./transcripts/dropped-entries.ts";
import { followTranscript, readTranscript } from "./transcripts/transcripts.ts";

/** Resolves when the streams and buckets have been read. @throws CliaiError if JetStream is not available */
export async function startServer(bus: Bus, options: ServerOptions): Promise<Server> {
  const { audit = {}, now, log } = options;
  const foundation = await layFoundation(bus, options);
  const { lease, listening } = foundation;
  const reading = await readFleet(foundation);
  foundation.spending.start();
  // Start signing only now. Earlier, it could read a million unsigned records of AUDIT while the fleet's streams are being read.
  const isLeader = () => lease.isLeader() && (audit.isLeader?.() ?? true);
  const signing = startSigning(bus, { ...audit, isLeader }, now, log);
  const desks = await openDesks(foundation, reading, options);
  const screens = createScreens(bus, log);
  const endKeystrokes = audit.keystrokes === true ? recordKeystrokes(bus, now, log) : () => undefined;
  const endWatches = startWatches(foundation, reading, desks, options);
  const endNotices = await options.openNotices?.({ ...foundation, requests: desks.requests });
  // Heartbeats can be heard only after NATS has confirmed the subscriptions.
  await bus.flush();
  listening.confirmed();
  // Only now, because nats-server takes its time for a long list of consumers, and answers nothing else of its API to this connection meanwhile.
  foundation.consumers.makeMissing(reading.stored.records.map(({ agent_id }) => agent_id));
  if (reading.stored.damage.length > 0) reading.rewriteAll();
  const noteEnd = endLost(foundation, reading);
  const history = createHistory(bus, reading.readTo);
  const { readDiffs } = options;
  const workReport = createWorkReports({ ...foundation, requests: desks.requests, history, readDiffs });
  const endReports = openReportDesk(bus, workReport, log);

  return {
    instance: foundation.instance,
    startedAt: now().toISOString(),
    version: options.version,
    fleet: foundation.fleet,
    alerts: foundation.alerts,
    requests: desks.requests,
    rules: desks.rules,
    holding: desks.holding,
    budgets: createBudgetDesk(bus, desks.budgets),
    transcripts: {
      read: (id, query) => readTranscript(bus, id, query),
      kept: (id) => readKept(bus, id),
      follow(id, after, onEntry) {
        const stop = followTranscript(bus, id, after, { log, onEntry });
        return () => void stop();
      },
    },
    screens,
    readFleet: createFleetAnswers({ ...foundation, budgets: desks.budgets, listeningSince: listening.since }),
    isLeader: lease.isLeader,
    modelQueues: desks.modelQueues,
    work: foundation.work.figures,
    ...{ history, workReport },
    verifyAudit: createAuditVerifier({ verify: () => verifyStream(bus, audit, now) }),
    tag: (change) => askForTags(bus, change),
    cancel: (order) => askForCancel(bus, order),
    spending: foundation.spending,
    system: () => readSystemFacts(foundation, options),
    consumerLags: () => readConsumerLags(bus),
    catchUp: reading.projector.catchUpAll,
    readAll: (id) => requireCaughtUp(reading.projector, id),
    ...createEntrance(foundation, options),
    async sendMessage(message) {
      // Afterwards the agent's record has a message that was stored before, so that a repeated one is recognised.
      await reading.projector.catchUp(foundation.fleet.require(message.to).agent_id);
      requireStore(foundation, options);
      return await storeOperatorMessage(foundation, message);
    },
    async stop() {
      noteEnd();
      endReports();
      await endNotices?.();
      screens.stop();
      endKeystrokes();
      desks.close();
      endWatches();
      reading.stopRemovingOrders();
      await desks.stop();
      await reading.stop();
      foundation.records.stop();
      await signing.stop();
      await foundation.stop();
    },
  };
}

/** @throws CliaiError `store_unavailable` if nothing can be stored although NATS is there; without NATS, the sending itself says so */
function requireStore(foundation: Foundation, options: ServerOptions): void {
  const reason = troubleOf(foundation, options);
  if (reason !== undefined && foundation.bus.isConnected())
    throw new CliaiError("store_unavailable", reason, { hint: "nothing was sent; see: cliai doctor" });
}

/** The entry points for the web pages and the API. */
function createEntrance(
  foundation: Foundation,
  options: ServerOptions,
): Pick<Server, "health" | "sendCommand" | "takeHeartbeat"> {
  const { bus, fleet, now } = foundation;
  return {
    health: () => healthOf(foundation, options),
    async sendCommand(order) {
      fleet.require(order.id);
      requireStore(foundation, options);
      return await storeCommand(bus, order, now(), fleet.record(order.id));
    },
    async takeHeartbeat(body) {
      const heartbeat = checkMessage(HeartbeatSchema, body);
      if (heartbeat.agent_id === undefined) throw new CliaiError("message_invalid", "agent_id is missing");
      bus.publish(agentSubject(heartbeat.agent_id, "heartbeat"), heartbeat);
    },
  };
}
