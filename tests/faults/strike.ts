// One fault, from its beginning to its end, on whom the case names.
import { setTimeout as delay } from "node:timers/promises";
import type { Case, Durations, Target } from "./cases.ts";
import type { FleetUnderTest } from "./fleet-under-test.ts";
import type { Sender } from "./sender.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

/** Whether `serve` runs a nats-server of its own in this case; it cannot where its way to it is to be cut. */
export function needsOwnNats({ target, fault }: Case): boolean {
  const isOnTheWire = fault === "cut" || fault === "stall";
  return !(isOnTheWire && (target === "serve" || target === "nats-server"));
}

/** Resolves when the fault is over: what was stopped runs, what was cut may be reached. */
export async function strike(
  fleet: FleetUnderTest,
  sender: Sender,
  { target, fault }: Case,
  durations: Durations,
): Promise<void> {
  const lastMs = durations[fault];
  if (fault === "SIGKILL") {
    if (target === "serve") await fleet.serve.end("SIGKILL");
    else await signalTo(fleet, sender, target, fault);
    await delay(lastMs);
    // The others come back by themselves: serve starts nats-server, the agent its bridge, the person repeats.
    if (target === "serve") await fleet.serve.startAgain();
    return;
  }
  if (fault === "SIGSTOP") {
    const stopped = await signalTo(fleet, sender, target, fault);
    await delay(lastMs);
    stopped("SIGCONT");
    return;
  }
  const proxies = proxiesOf(fleet, target);
  for (const proxy of proxies) proxy[fault]();
  await delay(lastMs);
  for (const proxy of proxies) proxy.restore();
}

type SendSignal = (signal: NodeJS.Signals) => void;

/** The way to signal the very same process again. */
async function signalTo(
  fleet: FleetUnderTest,
  sender: Sender,
  target: Target,
  signal: NodeJS.Signals,
): Promise<SendSignal> {
  const send = await signalOf(fleet, sender, target);
  send(signal);
  return send;
}

async function signalOf(fleet: FleetUnderTest, sender: Sender, target: Target): Promise<SendSignal> {
  switch (target) {
    case "serve": {
      const { child } = fleet.serve.current();
      return (signal) => child.kill(signal);
    }
    case "nats-server": {
      const pid = await fleet.natsPid();
      return (signal) => void process.kill(pid, signal);
    }
    case "bridge":
      return fleet.probe.signal;
    case "sender":
      return sender.signal;
  }
}

function proxiesOf({ proxies }: FleetUnderTest, target: Target): readonly TcpProxy[] {
  switch (target) {
    case "serve":
      return [proxies.serve];
    case "nats-server":
      return Object.values(proxies);
    case "bridge":
      return [proxies.probe];
    case "sender":
      return [proxies.sender];
  }
}
