// A restart of serve and its nats-server after which neither the streams nor an agent's record know of an item that the agent has had:
// it may be given once more, and never a third time.
import { setTimeout as delay } from "node:timers/promises";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { streams } from "../../src/domain/wire/subjects.ts";
import { subjectCounts } from "../../src/nats/jetstream/stream-messages.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { runCliai } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";
import { startCaptainRun } from "./bridge-run.ts";
import { type AgentShown, type FleetUnderTest, fetchViews, startFleet, urlOf } from "./fleet-under-test.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { ForgottenStep, ServeEnd } from "./restart-cells.ts";
import { type ScriptedAgent, startScriptedAgent } from "./scripted-agent.ts";
import { verifyFleetAudit } from "./verify-fleet-audit.ts";

/** A record keeps the last 20 orders that are settled. */
const othersBetween = 22;
/** An item whose receipt does not count is handed out again after 30 s. */
const handedOutAgainAfterMs = 30_000;
const settledWithinMs = 45_000;

export async function runForgotten(end: ServeEnd, step: ForgottenStep): Promise<object> {
  await using fleet = await startFleet({ ownNats: true });
  await using ledger = await openLedger(fleet.bus);
  const times = step === "sent again" ? await sendAgain(fleet, ledger, end) : await tellCaptain(fleet, end);
  const { records } = await verifyFleetAudit(fleet);
  return { given: times, records };
}

/** @returns how often the agent was given it */
async function sendAgain(fleet: FleetUnderTest, ledger: Ledger, end: ServeEnd): Promise<number> {
  const { probe } = fleet;
  const id = "dug-before";
  const send = async () => {
    const how = ["--id", id, "--wait", "applied", "--timeout", "20", "--url", urlOf(fleet.proxies.sender)];
    const { code, stderr } = await runCliai(["send", "task", probe.id, "dig", ...how], {});
    if (code !== 0) throw new Error(`cliai send: exit code ${code}: ${stderr}`);
  };
  await send();
  await makeForgotten(fleet, probe, id);
  await restart(fleet, end);
  await send();
  await neverAgain(probe, id, 2);
  const { commands, queued } = await viewOf(fleet, probe);
  const states = commands.find(({ command_id }) => command_id === id)?.receipts.map(({ state }) => state);
  const finals = ledger.finals(probe.id, id);
  if (states?.at(-1) !== "applied" || finals.join() !== "applied" || queued > 0) {
    throw new Error(`${id} is shown as ${states}, in the audit as ${finals}; ${queued} wait`);
  }
  return probe.given.get(id) ?? 0;
}

/** @returns how often the captain was told */
async function tellCaptain(fleet: FleetUnderTest, end: ServeEnd): Promise<number> {
  await using captain = await startScriptedAgent({
    id: parseAgentId("captain"),
    url: urlOf(fleet.proxies.others),
    startRun: startCaptainRun,
    turnEveryMs: 300,
    onStep: () => undefined,
  });
  await waitFor(async () => (await viewOf(fleet, captain)).axes.link.value === "online", {
    what: "a captain",
  });
  await fleet.probe.call("ask_human", { question: "left or right?", wait_s: 0 });
  const notice = await waitFor(() => captain.messages[0]?.message_id, {
    what: "the captain is told",
  });
  await makeForgotten(fleet, captain, notice);
  await restart(fleet, end);
  await waitFor(() => captain.given.get(notice) === 2, {
    what: "the captain is told anew, for nobody remembers that it was",
    deadlineMs: settledWithinMs,
    saw: () => captain.given,
  });
  await neverAgain(captain, notice, 2);
  return captain.given.get(notice) ?? 0;
}

/** Other orders take its place in the record, and nothing is left in COMMANDS: a nats-server that starts again knows no id of it. */
async function makeForgotten(fleet: FleetUnderTest, { id }: ScriptedAgent, itemId: string): Promise<void> {
  for (let n = 0; n < othersBetween; n += 1) {
    const order = {
      id,
      type: "task",
      text: "dig elsewhere",
      from: "traffic",
      command_id: `other-${n}`,
    } as const;
    await storeCommand(fleet.bus, order, new Date());
  }
  const left = async () => {
    const { commands } = await viewOf(fleet, { id });
    const known = commands.filter(({ command_id }) => command_id === itemId).length;
    return { known, stored: [...(await subjectCounts(fleet.bus, streams.commands))] };
  };
  const isForgotten = async () => {
    const { known, stored } = await left();
    return known === 0 && stored.length === 0;
  };
  await waitFor(isForgotten, { what: `${itemId} is forgotten`, deadlineMs: settledWithinMs, saw: left });
}

async function restart(fleet: FleetUnderTest, end: ServeEnd): Promise<void> {
  await fleet.serve.end(end);
  await fleet.serve.startAgain();
  const isBack = async () =>
    (await fetchViews(fleet.serve)).every(({ axes }) => axes.link.value === "online") &&
    fleet.bus.isConnected();
  await waitFor(isBack, { what: "all agents are back" });
}

/** Looks on for as long as the item would take to be handed out again. */
async function neverAgain({ id, given }: ScriptedAgent, itemId: string, most: number): Promise<void> {
  const until = performance.now() + handedOutAgainAfterMs + 5_000;
  while (performance.now() < until) {
    const times = given.get(itemId) ?? 0;
    if (times > most) throw new Error(`${id} was given ${itemId} ${times} times`);
    await delay(250);
  }
}

async function viewOf({ serve }: FleetUnderTest, { id }: Pick<ScriptedAgent, "id">): Promise<AgentShown> {
  const view = (await fetchViews(serve)).find(({ agent_id }) => agent_id === id);
  if (view === undefined) throw new Error(`${id} is not in the fleet`);
  return view;
}
