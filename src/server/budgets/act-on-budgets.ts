// Acts on budgets that are used up: holds their agents, asks a person how it is to go on, and carries out what they answer; of a hard budget,
// holds and stops the agents. Each look compares what is with what has to be, so that it goes on after a restart where it was.
import { isBudgetId } from "../../domain/budgets/budget.ts";
import { readBudgetAnswer } from "../../domain/budgets/budget-answer.ts";
import { budgetRequest } from "../../domain/budgets/budget-request.ts";
import { budgetName, type MeasuredBudget, spentText } from "../../domain/budgets/measure.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { controlOrders } from "../../domain/fleet/axis/control.ts";
import { isTurnOpen } from "../../domain/fleet/session-evidence.ts";
import { holderName, isHoldKnown, type NewHold } from "../../domain/holding/hold.ts";
import { isDeclined, isFinal, isStopType } from "../../domain/receipts.ts";
import { type AgentRequest, isOpen } from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { RequestService } from "../requests/request-store.ts";
import { storeCommand } from "../send-command.ts";
import type { Holding } from "../server-desks.ts";
import type { Budgets } from "./budget-desk.ts";

/** How long after a stop the next one is given, if the agent still runs. */
const stopAgainAfterMs = 30_000;
/** How long an agent that is to be stopped may take to its next tool call. */
const restWithinMs = 20_000;

export interface BudgetActsOptions {
  readonly bus: Bus;
  readonly fleet: Pick<FleetState, "record" | "records">;
  readonly budgets: Pick<Budgets, "measure" | "raise">;
  readonly requests: Pick<RequestService, "all" | "ask" | "decide">;
  readonly holding: Pick<Holding, "hold" | "letGo" | "holdsOf" | "overriddenOf">;
  readonly now: () => Date;
  /** Milliseconds by a clock that nobody sets. Default: that of this process. */
  readonly elapsedMs?: () => number;
  readonly log: Logger;
}

export interface BudgetActs {
  /** Does what follows from these sums. */
  act(measured: readonly MeasuredBudget[]): Promise<void>;
}

export function createBudgetActs(options: BudgetActsOptions): BudgetActs {
  const { fleet, budgets, requests, holding } = options;
  const stops = createStops(options);
  const act = async (known: readonly MeasuredBudget[]) => {
    const asked = requests.all().filter(({ kind }) => kind === "budget");
    let isRaised = false;
    for (const request of asked) isRaised = (await raiseBy(request, known, options)) || isRaised;
    const measured = isRaised ? budgets.measure() : known;
    const reached = measured.filter(({ level }) => level === "reached");
    const wanted = new Map<string, readonly [AgentId, NewHold]>();
    const waiting = new Set<string>();
    const stopping = new Set<AgentId>();
    for (const each of reached) {
      const { budget, agents } = each;
      const about = asked.filter((request) => isAbout(request, each));
      const hold = holdOf(each);
      if (budget.hard === true || about.some(isStop)) {
        // Held until it is stopped: a stop alone would let its model go on to the end of its turn.
        for (const id of agents) {
          wanted.set(`${id} ${hold.source}`, [id, hold]);
          stopping.add(id);
          await stops.stop(id, each);
        }
        continue;
      }
      // One that has ended or lost its connection meanwhile stays held, so that it is when it goes on.
      const held = each.resting.filter((id) => isHeld(holding, id, hold));
      for (const id of [...agents, ...held]) wanted.set(`${id} ${hold.source}`, [id, hold]);
      const isWaiting = (id: AgentId) => !isOverridden(holding, id, hold);
      const open = about.find(isOpen);
      if (open !== undefined && held.some((id) => each.away.includes(id) && isWaiting(id)))
        waiting.add(open.request_id);
      const [first, ...others] = agents.filter(isWaiting);
      if (first === undefined) continue;
      if (open !== undefined) waiting.add(open.request_id);
      else if (about.every(({ state }) => state === "withdrawn")) {
        const names = { request_id: crypto.randomUUID(), asked_at: options.now().toISOString() };
        waiting.add(names.request_id);
        await requests.ask(budgetRequest(each, [first, ...others], names));
      }
    }
    stops.forgetAllBut(stopping);
    for (const { agent_id } of [...fleet.records()]) {
      for (const { reason, source } of holding.holdsOf(agent_id)) {
        if (reason !== "budget" || !isBudgetId(source)) continue;
        if (!wanted.has(`${agent_id} ${source}`)) await holding.letGo(agent_id, reason, source);
      }
    }
    for (const [id, hold] of wanted.values()) if (!isHeld(holding, id, hold)) await holding.hold(id, hold);
    for (const request of asked.filter((each) => isOpen(each) && !waiting.has(each.request_id))) {
      const because = "the budget holds nobody any more";
      await requests.decide(request.request_id, {
        type: "withdraw",
        at: options.now().toISOString(),
        because,
      });
    }
  };
  let isActing = false;
  return {
    async act(measured) {
      if (isActing) return;
      isActing = true;
      try {
        await act(measured);
      } catch (error) {
        options.log.debug(`budgets are not acted on yet: ${messageOf(error)}`);
      } finally {
        isActing = false;
      }
    },
  };
}

function holdOf(measured: MeasuredBudget): NewHold {
  const { budget, span, amount } = measured;
  return {
    reason: "budget",
    source: budget.budget_id,
    words: `${budgetName(measured)} is used up`,
    ...(span.toMs === Number.POSITIVE_INFINITY ? {} : { until: new Date(span.toMs).toISOString() }),
    // After a raise, the next end of the budget is another one.
    cause: `${span.key} ${amount}`,
  };
}

function isHeld(
  { holdsOf, overriddenOf }: Pick<Holding, "holdsOf" | "overriddenOf">,
  id: AgentId,
  hold: NewHold,
): boolean {
  return isHoldKnown([...holdsOf(id), ...overriddenOf(id)], hold);
}

function isOverridden({ overriddenOf }: Pick<Holding, "overriddenOf">, id: AgentId, hold: NewHold): boolean {
  return isHoldKnown(overriddenOf(id), hold);
}

/** Whether the request is about this budget, its present period and its present amount. */
function isAbout({ budget: asked }: AgentRequest, { budget, span, amount }: MeasuredBudget): boolean {
  return asked?.budget_id === budget.budget_id && asked.period === span.key && asked.amount === amount;
}

function isStop({ state, answer, budget }: AgentRequest): boolean {
  const read = budget && readBudgetAnswer(answer?.text ?? "", budget.unit);
  return state === "answered" && read !== undefined && "stop" in read;
}

/** Adds what a person has answered, once; returns whether it did. An answer that comes when the period is over adds nothing. */
async function raiseBy(
  { request_id, state, answer, budget: asked }: AgentRequest,
  measured: readonly MeasuredBudget[],
  { budgets }: Pick<BudgetActsOptions, "budgets">,
): Promise<boolean> {
  const read = asked && readBudgetAnswer(answer?.text ?? "", asked.unit);
  if (asked === undefined || state !== "answered" || read === undefined || "stop" in read) return false;
  const found = measured.find(
    ({ budget, span }) => budget.budget_id === asked.budget_id && span.key === asked.period,
  );
  if (found === undefined || found.budget.raises.some((raise) => raise.request_id === request_id))
    return false;
  const { agent_id } = found;
  const raise = { budget_id: asked.budget_id, by_amount: read.more, request_id, agent_id };
  await budgets.raise(raise, answer?.by ?? "unknown");
  return true;
}

/** Whether the agent waits at a tool call or has no turn, so that a stop breaks nothing off; or nothing can hold it. */
function isAtRest(record: AgentRecord): boolean {
  const { session, heartbeat } = record;
  if (heartbeat?.unheld !== undefined || session === undefined || !isTurnOpen(session)) return true;
  const last = controlOrders(record).findLast((order) => !isDeclined(order));
  return last?.type === "pause" && last.receipts.some(({ state }) => state === "applied");
}

/** Stops agents at their next tool call, once for each run unless it does not come through. */
function createStops({
  bus,
  fleet,
  now,
  elapsedMs = () => performance.now(),
}: Pick<BudgetActsOptions, "bus" | "fleet" | "now" | "elapsedMs">) {
  const given = new Map<string, number>();
  /** The run of each agent that is to be stopped and has not come to rest, and since when it is to. */
  const awaited = new Map<AgentId, { readonly run: string; readonly sinceMs: number }>();
  return {
    /** An agent that is not to be stopped any more has its whole time to come to rest if it is to be stopped later. */
    forgetAllBut(stopping: ReadonlySet<AgentId>): void {
      for (const id of [...awaited.keys()]) if (!stopping.has(id)) awaited.delete(id);
    },
    async stop(id: AgentId, measured: MeasuredBudget): Promise<void> {
      const record = fleet.record(id);
      const run = record?.heartbeat?.instance_id;
      if (record === undefined || run === undefined) return;
      const isStopping = controlOrders(record).some(
        ({ type, receipts }) => isStopType(type) && !receipts.some(({ state }) => isFinal(state)),
      );
      const nowMs = elapsedMs();
      for (const [each, at] of given) if (nowMs - at >= stopAgainAfterMs) given.delete(each);
      const key = `${id} ${run}`;
      if (isStopping || given.has(key)) return;
      const known = awaited.get(id);
      const sinceMs = known?.run === run ? known.sinceMs : nowMs;
      awaited.set(id, { run, sinceMs });
      if (!isAtRest(record) && nowMs - sinceMs < restWithinMs) return;
      awaited.delete(id);
      given.set(key, nowMs);
      const reason = `${budgetName(measured)} is used up: ${spentText(measured)}`;
      await storeCommand(bus, { id, type: "stop", force: true, reason, from: holderName }, now(), record);
    },
  };
}
