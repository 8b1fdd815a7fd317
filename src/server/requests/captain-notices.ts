// Sends each open request once, as a message, to every captain that is online or comes online later. Keeps an alert while an agent has a
// request that a captain has escalated to the people.
import { questionLines } from "../../domain/questions.ts";
import { type AgentRequest, captainNoticeId, isApproval, isOfAgent, isOpen } from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { inputText } from "../../domain/text/permission-input.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import { createOrderToken, messageStoredAs } from "../order-names.ts";
import { storeOnce } from "../removed-agents.ts";
import type { RequestReading } from "../server-desks.ts";

export interface CaptainNoticesOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly requests: RequestReading;
  readonly roleOf: RoleOf;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function notifyCaptains({
  bus,
  fleet,
  requests,
  roleOf,
  now,
  log,
}: CaptainNoticesOptions): () => void {
  /** For each open request, the captains that have been told, each with its `first_seen`, because a removed captain may have a successor. */
  const told = new Map<string, Set<string>>();

  const isOnlineCaptain = (id: AgentId) =>
    roleOf(id) === "captain" && fleet.get(id)?.axes.link.value === "online";
  const tell = (captain: AgentId, request: AgentRequest) => {
    const message_id = captainNoticeId(request.request_id, captain);
    const who = `${captain} ${fleet.record(captain)?.first_seen}`;
    const captains = told.get(request.request_id) ?? new Set();
    if (
      !isOfAgent(request) ||
      request.agent_id === captain ||
      request.escalated !== undefined ||
      captains.has(who)
    )
      return;
    told.set(request.request_id, captains.add(who));
    // Nobody is told twice: the stream recognises a message of the last day by its id, and the captain's record has those that still wait.
    if (fleet.record(captain)?.commands.some(({ command_id }) => command_id === message_id)) return;
    const { request_id, agent_id, choices } = request;
    const message = {
      message_id,
      token: createOrderToken(),
      kind: "request",
      request_id,
      from: agent_id,
      to: captain,
      text: wordsFor(request),
      ...(choices === undefined ? {} : { choices }),
      timestamp: now().toISOString(),
    };
    const subject = agentSubject(captain, "message");
    const place = { id: captain, subject, storedAs: messageStoredAs(captain, message_id) };
    storeOnce(bus, place, message).catch((error: unknown) => {
      log.debug(`captain ${captain} is not told of ${request_id} yet: ${messageOf(error)}`);
      captains.delete(who);
    });
  };
  const tellOfAll = (ids: Iterable<AgentId>) => {
    const open = requests.open();
    if (open.length === 0) return;
    for (const id of ids) {
      if (!isOnlineCaptain(id)) continue;
      for (const request of open) tell(id, request);
    }
  };
  const everyone = () => fleet.list().map(({ agent_id }) => agent_id);

  const endings = [
    fleet.onChange(({ ids }) => tellOfAll(ids)),
    requests.onChange((request) => {
      if (isOpen(request)) tellOfAll(everyone());
      else told.delete(request.request_id);
    }),
  ];
  tellOfAll(everyone());
  return () => {
    for (const end of endings) end();
  };
}

/** Returns a function that ends it. */
export function alertOfEscalations(
  requests: RequestReading,
  alerts: Pick<Alerts, "raise" | "resolve">,
): () => void {
  const raised = new Map<string, AgentId>();
  const look = ({ request_id, agent_id, escalated, question, ...request }: AgentRequest) => {
    const isEscalated = escalated !== undefined && request.state === "asked";
    if (isEscalated && !raised.has(request_id)) {
      raised.set(request_id, agent_id);
      const message = `${agent_id}: "${question}" was escalated to people by ${escalated.by}: ${escalated.reason}`;
      alerts.raise({ kind: "escalated", severity: "warning", agentId: agent_id, message });
    } else if (!isEscalated && raised.delete(request_id) && ![...raised.values()].includes(agent_id)) {
      alerts.resolve("escalated", agent_id);
    }
  };
  for (const request of requests.open()) look(request);
  return requests.onChange(look);
}

/** What the request tells a captain, as people read it too: on the page, and in `cliai log`. */
export function wordsFor(request: AgentRequest): string {
  const { agent_id, request_id, question, choices = [], questions, expires_at } = request;
  const asks = isApproval(request) ? "asks for approval" : "asks";
  const asked = questions === undefined ? [question] : questionLines(questions);
  const lines = [
    `${agent_id} ${asks} (request ${request_id}): ${asked[0]}`,
    ...asked.slice(1),
    ...contextLines(request),
    ...(questions === undefined ? choices.map((choice, index) => `${index + 1}. ${choice}`) : []),
    ...(questions === undefined ? [] : [howToDecide(questions.length)]),
    ...(expires_at === undefined ? [] : [`expires at ${expires_at}`]),
  ];
  return lines.join("\n");
}

/** What belongs to the question; of a permission what the tool is to do. */
function contextLines({ kind, plan, context = "" }: AgentRequest): string[] {
  if (context === "") return [];
  if (plan === true) return [`plan: ${context}`];
  return [kind === "permission" ? inputText(context) : `context: ${context}`];
}

function howToDecide(count: number): string {
  const how = "the number of a choice (1,3 if more than one may be taken), or words";
  return count === 1 ? `decide with ${how}` : `decide with a line for each question, in their order: ${how}`;
}
