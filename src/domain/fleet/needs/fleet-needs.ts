// The list of all that waits for a person, oldest first, and its folding by what several agents have in common. Pure.
import { definedOf } from "../../defined.ts";
import { type CommandRecord, isFinal } from "../../receipts.ts";
import { captainNoticeId } from "../../requests.ts";
import type { AgentId } from "../../wire/agent-id.ts";
import { readRole } from "../../wire/roles.ts";
import type { AgentView } from "../agent-view.ts";
import type { Need } from "./need.ts";

/** One need of one agent. Their number is what counts as "need you" everywhere. */
export interface FleetNeed extends Need {
  readonly agent_id: AgentId;
  readonly blocks: Blocked;
}

/** What waits as long as the need lasts. */
export interface Blocked {
  /** What the agent works on; absent if it has no task. */
  readonly task?: string;
  /** How many orders wait in its queue. */
  readonly orders: number;
  /** The agents whose tasks or messages to it are not over. */
  readonly agents: readonly AgentId[];
  /** The captains that were asked as well, and may answer first. */
  readonly captains: readonly AgentId[];
}

/** All needs of the fleet, the one that has waited longest first. */
export function listNeeds(views: readonly AgentView[]): FleetNeed[] {
  const captains = views.filter(({ role }) => readRole(role) === "captain");
  const known = new Set<string>(views.map(({ agent_id }) => agent_id));
  return views
    .flatMap((view) => view.needs.map((need) => fleetNeed(view, need, known, captains)))
    .sort(byAge);
}

export function countNeeds(views: readonly AgentView[]): number {
  return views.reduce((sum, { needs }) => sum + needs.length, 0);
}

/** Needs of one kind with one cause; or a single need. */
export interface NeedGroup extends Pick<Need, "kind" | "cause" | "hint"> {
  /** Oldest first, at least one. */
  readonly needs: readonly [FleetNeed, ...FleetNeed[]];
}

/** Folds needs of one kind, cause and hint to one group, which stands where its oldest need stood. */
export function foldNeeds(needs: readonly FleetNeed[]): NeedGroup[] {
  const groups = Map.groupBy(needs, ({ kind, cause, hint, agent_id, request_id, since }) =>
    cause === undefined ? `${agent_id} ${kind} ${request_id ?? since}` : `${kind}\n${cause}\n${hint ?? ""}`,
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { kind, cause, hint } = first;
    return [{ kind, ...definedOf({ cause, hint }), needs: [first, ...others] as const }];
  });
}

function byAge(one: FleetNeed, other: FleetNeed): number {
  if (one.since !== other.since) return one.since < other.since ? -1 : 1;
  if (one.agent_id === other.agent_id) return 0; // as `needsOf` has them
  return one.agent_id < other.agent_id ? -1 : 1;
}

function fleetNeed(
  view: AgentView,
  need: Need,
  known: ReadonlySet<string>,
  captains: readonly AgentView[],
): FleetNeed {
  const { text } = view.task;
  return {
    agent_id: view.agent_id,
    ...need,
    blocks: {
      ...(text === "" ? {} : { task: text }),
      orders: view.queued,
      agents: agentsThatWait(view, known),
      captains: captains.filter((captain) => wasAsked(captain, need)).map(({ agent_id }) => agent_id),
    },
  };
}

function agentsThatWait({ agent_id, commands }: AgentView, known: ReadonlySet<string>): AgentId[] {
  const senders = commands.filter(isOpenOrder).map(({ from }) => from);
  return [...new Set(senders)].filter((from) => known.has(from) && from !== agent_id) as AgentId[];
}

/** Whether its sender still waits for it: a task until it is over, a message until the agent has it. */
function isOpenOrder({ type, stream_seq, receipts }: CommandRecord): boolean {
  if (stream_seq === 0 || receipts.some(({ state }) => isFinal(state))) return false;
  const isHad = receipts.some(({ state }) => state === "injected" || state === "seen");
  return type === "task" || (type === "message" && !isHad);
}

function wasAsked({ agent_id, commands }: AgentView, { request_id }: Need): boolean {
  if (request_id === undefined) return false;
  const id = captainNoticeId(request_id, agent_id);
  return commands.some(({ command_id }) => command_id === id);
}
