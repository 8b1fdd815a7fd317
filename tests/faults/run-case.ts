// One cell of the matrix on a running fleet: traffic, the fault at its step, and what must be true afterwards.
import { setTimeout as delay } from "node:timers/promises";
import { isFinal } from "../../src/domain/receipts.ts";
import { agentSubject } from "../../src/domain/wire/subjects.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { patienceMs, waitFor } from "../support/wait-for.ts";
import { startAsking } from "./asking.ts";
import {
  type Case,
  type Durations,
  isRequestStep,
  mayGiveAgain,
  nameOf,
  type PlannedCommand,
  planTraffic,
} from "./cases.ts";
import { type AgentShown, type FleetUnderTest, fetchViews, fleetSize, urlOf } from "./fleet-under-test.ts";
import type { Ledger } from "./ledger.ts";
import { createRandom } from "./random.ts";
import { createSender, type Sender } from "./sender.ts";
import { strike } from "./strike.ts";

/** Within this time of the fault's end the fleet must be shown as it is, where the connections have lasted or come back by themselves. */
const usualMs = 5_000;

/**
 * A bridge that begins while nobody answers has no connection to come back to. It tries again after half of the time that it has tried
 * (`createBackoff`), and each try may take 3 s.
 */
function rightWithin({ step, fault }: Case, { durations, rightWithinMs = usualMs }: CaseOptions): number {
  return step === "session ended" ? rightWithinMs + durations[fault] / 2 : rightWithinMs;
}
/** A command that was given out in a call which got no answer is held for it up to 30 s. */
const settledWithinMs = 45_000;
const reachedWithinMs = patienceMs;

export interface CaseReport {
  readonly name: string;
  readonly commands: number;
  readonly applied: number;
  readonly expired: number;
  /** Pauses and resumes that ended with the session that had them. */
  readonly endedWithSession: number;
  /** Items that an agent was given more than once. */
  readonly givenAgain: number;
  readonly rightAfterMs: number;
  readonly settledAfterMs: number;
}

export interface CaseOptions {
  readonly seed: number;
  readonly durations: Durations;
  /** Within this time of the fault's end the fleet must be shown as it is. Default 5000, for a machine that does nothing else. */
  readonly rightWithinMs?: number;
}

export async function runCase(
  fleet: FleetUnderTest,
  ledger: Ledger,
  each: Case,
  options: CaseOptions,
): Promise<CaseReport> {
  const { seed, durations } = options;
  const name = nameOf(each);
  const label = `${name.replaceAll("/", "-")}-${seed}`;
  const random = createRandom([...label].reduce((sum, c) => Math.imul(sum, 31) + c.charCodeAt(0), seed));
  const planned = planTraffic(random, label, fleetSize, durations[each.fault] + 1_500);
  const probe: PlannedCommand = {
    commandId: `${label}-probe`,
    agent: 0,
    type: "task",
    atMs: random.between(200, 600),
    expiresInS: undefined,
  };
  await using sender = createSender();
  const asking = isRequestStep(each.step) ? startAsking(fleet, sender, each, label) : undefined;
  const reached = asking?.reached ?? watchStep(fleet, ledger, each, probe.commandId);
  for (const agent of fleet.agents) agent.setTask(label);
  const sending = planned.map((command) => store(fleet, command));
  sending.push(asking?.settled ?? insistOn(fleet, sender, probe));
  const allSent = Promise.all(sending);
  allSent.catch(() => undefined); // awaited below, after the fault

  await within(reached, reachedWithinMs, `the step "${each.step}"`);
  await strike(fleet, sender, each, durations);
  const overAt = performance.now();
  const overSince = Date.now();
  await waitFor(async () => (await whatIsWrong(fleet, label, overSince)) === "", {
    what: `the fleet is shown as it is after ${name}`,
    deadlineMs: rightWithin(each, options),
    saw: () => whatIsWrong(fleet, label, overSince),
  });
  const rightAfterMs = performance.now() - overAt;
  await allSent;
  const commands = asking === undefined ? [...planned, probe] : planned;
  const saw = async () => unsettled(await fetchViews(fleet.serve), fleet, ledger, commands);
  await waitFor(async () => (await saw()).length === 0, {
    what: `every command of ${name} is settled`,
    deadlineMs: settledWithinMs,
    intervalMs: 100,
    saw,
  });
  return {
    ...check(await fetchViews(fleet.serve), fleet, ledger, commands, each),
    name,
    rightAfterMs: Math.round(rightAfterMs),
    settledAfterMs: Math.round(performance.now() - overAt),
  };
}

/** Resolves at the moment the probe command is at the case's step. */
function watchStep(fleet: FleetUnderTest, ledger: Ledger, { step }: Case, commandId: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  fleet.onAgentStep((_, agentStep, id) => {
    if (agentStep === step && id === commandId) resolve();
  });
  if (step === "session ended") fleet.probe.loseAt(commandId);
  ledger.onReceipt((_, receipt) => {
    if (step === "session ended" && receipt.state === "injected" && receipt.command_id === commandId) {
      ledger.onReceipt(undefined);
      fleet.probe.crash();
      resolve();
    }
    if (step === "delivered" && receipt.state === "delivered" && receipt.command_id === commandId) resolve();
  });
  if (step !== "stored") return promise;
  // As it is published: the stream may have it already, its sender does not know.
  const unsubscribe = fleet.bus.subscribe(agentSubject(fleet.probe.id, "command"), ({ data }) => {
    if (new TextDecoder().decode(data).includes(commandId)) resolve();
  });
  return promise.finally(unsubscribe);
}

/** Stores it under its id however often that takes. */
async function store(fleet: FleetUnderTest, command: PlannedCommand): Promise<void> {
  await delay(command.atMs);
  const id = agentOf(fleet, command).id;
  const { type, commandId: command_id, expiresInS } = command;
  const text = type === "task" ? { text: `do ${command_id}` } : {};
  const deadline = Date.now() + settledWithinMs;
  while (true) {
    try {
      await storeCommand(
        fleet.bus,
        { id, type, ...text, from: "traffic", command_id, expiresInS },
        new Date(),
      );
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

/** Sends it by `cliai send`, repeated under its id until it is applied. */
async function insistOn(fleet: FleetUnderTest, sender: Sender, command: PlannedCommand): Promise<void> {
  await delay(command.atMs);
  const { id } = agentOf(fleet, command);
  const how = ["--id", command.commandId, "--wait", "applied", "--timeout", "5", "--json"];
  const url = ["--url", urlOf(fleet.proxies.sender)];
  await sender.insist(
    ["send", command.type, id, `do ${command.commandId}`, ...how, ...url],
    settledWithinMs,
    [0],
  );
}

/** "" when every agent is shown as online, with the task that it has reported or the order that it took since (both name the case), on evidence that is younger than the fault. */
async function whatIsWrong(fleet: FleetUnderTest, task: string, since: number): Promise<string> {
  const views = await fetchViews(fleet.serve);
  const wrong = views.filter(
    ({ axes, current_task, last_seen = "" }) =>
      axes.link.value !== "online" || !current_task?.includes(task) || !(Date.parse(last_seen) > since),
  );
  if (views.length !== fleetSize) return `${views.length} agents`;
  return wrong
    .map(({ agent_id, axes, status, current_task, last_seen }) => {
      const trouble = fleet.agents.find(({ id }) => id === agent_id)?.lastTrouble();
      return `${agent_id}: ${axes.link.value} ${status} ${current_task} ${last_seen} (${trouble})`;
    })
    .join("; ");
}

function unsettled(
  views: readonly AgentShown[],
  fleet: FleetUnderTest,
  ledger: Ledger,
  commands: readonly PlannedCommand[],
): string[] {
  return commands.flatMap((command) => {
    const { id } = agentOf(fleet, command);
    const shown = statesOf(views, id, command.commandId);
    const finals = ledger.finals(id, command.commandId);
    return finals.length > 0 && shown.some(isFinalWord)
      ? []
      : [`${command.commandId}: shown ${shown}; audit ${finals}`];
  });
}

/** @throws Error naming every command that was not applied exactly once, nor reported as expired */
function check(
  views: readonly AgentShown[],
  fleet: FleetUnderTest,
  ledger: Ledger,
  commands: readonly PlannedCommand[],
  each: Case,
): Pick<CaseReport, "commands" | "applied" | "expired" | "endedWithSession" | "givenAgain"> {
  const faults: string[] = [];
  const count = { commands: commands.length, applied: 0, expired: 0, endedWithSession: 0, givenAgain: 0 };
  for (const command of commands) {
    const { commandId } = command;
    const { id, applied, given } = agentOf(fleet, command);
    const finals = ledger.finals(id, commandId);
    const shown = statesOf(views, id, commandId).filter(isFinalWord);
    const times = applied.filter((one) => one === commandId).length;
    const isExpired = finals[0] === "expired";
    // The probe's run has ended, and a control order is for one run alone.
    const isRuns = endsProbesRun(each) && id === fleet.probe.id && command.type !== "task";
    const hasEnded = isRuns && finals[0] === "failed" && /\bended\b/.test(ledger.endOf(id, commandId));
    if (isExpired) count.expired += 1;
    else if (hasEnded) count.endedWithSession += 1;
    else count.applied += 1;
    const timesGiven = given.get(commandId) ?? 0;
    if (timesGiven > 1) count.givenAgain += 1;
    const story = `${commandId}: audit ${finals}; shown ${shown}; applied ${times} times, given ${timesGiven} times`;
    if (finals.length !== 1 || shown.length !== 1 || shown[0] !== finals[0]) faults.push(story);
    // A run that is killed may have done what it was given, and not have said so any more.
    else if (hasEnded ? times > 1 : times !== (isExpired ? 0 : 1)) faults.push(story);
    else if (timesGiven > 1 && !(id === fleet.probe.id && mayGiveAgain(each))) faults.push(story);
    else if (isExpired && command.expiresInS === undefined) faults.push(`${story}, and must not expire`);
  }
  for (const agent of fleet.agents) faults.push(...disorderOf(views, agent, commands));
  if (faults.length > 0) throw new Error(`not exactly once, or not in order:\n${faults.join("\n")}`);
  return count;
}

/** Whether the case ends the run of the probe: a bridge that is killed comes back as another run. */
function endsProbesRun({ target, fault, step }: Case): boolean {
  return step === "session ended" || (target === "bridge" && fault === "SIGKILL");
}

/** An agent's commands are applied in the order in which they were stored. */
function disorderOf(
  views: readonly AgentShown[],
  { id, applied }: FleetUnderTest["agents"][number],
  commands: readonly PlannedCommand[],
): string[] {
  const ours = new Set(commands.map(({ commandId }) => commandId));
  const shown = views.find(({ agent_id }) => agent_id === id)?.commands ?? [];
  const seqOf = (commandId: string) =>
    shown.find(({ command_id }) => command_id === commandId)?.stream_seq ?? 0;
  const done = applied.filter((commandId) => ours.has(commandId));
  const inOrder = done.toSorted((a, b) => seqOf(a) - seqOf(b));
  return done.join() === inOrder.join() ? [] : [`${id} applied ${done}, stored were ${inOrder}`];
}

function statesOf(views: readonly AgentShown[], id: string, commandId: string): string[] {
  const agent = views.find(({ agent_id }) => agent_id === id);
  const command = agent?.commands.find(({ command_id }) => command_id === commandId);
  return command?.receipts.map(({ state }) => state) ?? [];
}

function isFinalWord(state: string): boolean {
  return isFinal(state as Parameters<typeof isFinal>[0]);
}

function agentOf(fleet: FleetUnderTest, { agent }: PlannedCommand): FleetUnderTest["agents"][number] {
  const found = fleet.agents[agent];
  if (found === undefined) throw new Error(`no agent ${agent}`);
  return found;
}

async function within(promise: Promise<void>, ms: number, what: string): Promise<void> {
  const clock = new AbortController();
  const late = delay(ms, true, { signal: clock.signal }).catch(() => false); // aborted: it came in time
  const isLate = await Promise.race([promise.then(() => false), late]);
  clock.abort();
  if (isLate) throw new Error(`${what} was not reached within ${ms} ms`);
}
