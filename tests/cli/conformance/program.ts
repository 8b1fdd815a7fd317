// An agent that is a program of its own, as docs/protocol.md describes it; and the same with one mistake.
import { isControl, isStopType, type OrderType } from "../../../src/domain/receipts.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { decodeOrder, ownIdOf } from "../../../src/domain/wire/decode-order.ts";
import { agentSubject, toolCallSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { consumeOrders, type Order } from "../../../src/nats/jetstream/follow.ts";
import { pause } from "../../../src/waiting.ts";

export type Mistake =
  | (
      | "one heartbeat"
      | "no name"
      | "few fields"
      | "same seq"
      | "no delivered"
      | "no seen"
      | "never done"
      | "no token"
    )
  | (
      | "no run"
      | "no acknowledgement"
      | "acknowledges first"
      | "says nothing"
      | "does a task again"
      | "pauses again"
      | "begins expired"
      | "works on"
    )
  | ("hides a pause of another run" | "leaves expired to serve")
  | ("silent pause" | "never applied" | "never resumes" | "obeys any run" | "stays" | "goodbye without run")
  | ("goodbye first" | "beats after goodbye" | "broken event" | "unknown tool" | "no request_id" | "no tool")
  | "takes orders late";

const intervalMs = 200;
/** How long a program that takes orders late reads nothing but its inbox: for several heartbeats. */
const aloneForMs = 2_000;
/** How long a program leaves an expired order to serve: longer than the time between two looks of serve. */
const leavesForMs = 2_500;
const text = new TextDecoder();

interface Named {
  readonly command_id: string;
  readonly token?: string;
}

/** Starts the program. It ends by a stop. @returns what ends it otherwise */
export function startProgram(bus: Bus, id: AgentId, mistake?: Mistake): () => Promise<void> {
  const instance_id = crypto.randomUUID();
  const acted = new Set<string>();
  const is = (other: Mistake) => mistake === other;
  let seq = 0;
  let status = "idle";
  let isPaused = false;
  let isOver = false;
  let inbox = Promise.resolve();

  const beat = () => {
    if (is("one heartbeat") && seq > 0) return;
    seq += is("same seq") && seq > 0 ? 0 : 1;
    const fields = { config_name: "test", project_path: "/tmp", status, current_task: "" };
    const few = { agent_id: id, status, instance_id, interval_s: intervalMs / 1_000 };
    const whole = { ...fields, timestamp: new Date().toISOString(), seq };
    bus.publish(agentSubject(id, "heartbeat"), { ...few, ...(is("few fields") ? {} : whole) });
  };
  const store = (topic: "status" | "event" | "receipt", fields: object) =>
    bus.publishStored(agentSubject(id, topic), {
      agent_id: id,
      ...fields,
      timestamp: new Date().toISOString(),
    });
  const receipt = async ({ command_id, token }: Named, state: string, fields: object = {}) => {
    if (state === "delivered" && is("no delivered")) return;
    if (state === "seen" && is("no seen")) return;
    const names = token === undefined || is("no token") ? { command_id } : { command_id, token };
    await store("receipt", { ...names, state, ...fields });
  };
  const call = async (tool: string, args: object) => {
    const ids = is("no request_id") ? {} : { request_id: crypto.randomUUID() };
    const body = { ...ids, agent_id: id, instance_id, tool, arguments: args, confirms: true };
    return JSON.parse(text.decode(await bus.request(toolCallSubject(id), body, { timeoutMs: 60_000 })));
  };
  const say = (word: string) => {
    if (word === "working" && is("says nothing")) return;
    status = word;
    if (!(is("silent pause") && isPaused)) beat();
  };
  const work = async (item: Named) => {
    const run = is("no run") ? {} : { run: instance_id };
    await receipt(item, "injected", { route: "check_inbox", ...run });
    await receipt(item, "seen", run);
    say("working");
    if (is("never done")) return;
    if (is("no tool")) await receipt(item, "applied");
    else await call("acknowledge", { command_id: item.command_id, outcome: "applied" });
    say("idle");
  };
  const readInbox = async () => {
    while (!isOver && (!isPaused || is("works on"))) {
      const { result, tokens = {} } = await call("check_inbox", {});
      const items: { command_id: string; type: OrderType }[] = result.items;
      for (const { command_id, type } of items) {
        if (!isControl(type)) await work({ command_id, token: tokens[command_id] });
      }
      if (items.length === 0) return;
    }
  };
  const goodbye = async (order: Named) => {
    const run = is("goodbye without run") ? {} : { instance_id };
    const bye = () => store("status", { status: "stopped", message: "stopped", ...run });
    if (!is("beats after goodbye")) clearInterval(timer);
    isOver = true;
    if (is("goodbye first")) await bye();
    await receipt(order, "applied");
    if (!is("goodbye first")) await bye();
  };
  const obey = async (type: OrderType, order: Named) => {
    if (isStopType(type)) return is("stays") ? undefined : await goodbye(order);
    if (type === "pause" || (type === "resume" && !is("never resumes"))) {
      isPaused = type === "pause";
      say(isPaused ? "paused" : "idle");
      if (is("silent pause") && isPaused) clearInterval(timer);
      else if (is("silent pause")) timer = setInterval(beat, intervalMs);
      const isHidden = is("hides a pause of another run") && isPaused;
      if (!is("never applied") && !isHidden) await receipt(order, "applied");
    }
    inbox = inbox.then(readInbox);
  };
  const acknowledge = async (stored: Order) => {
    if (!is("no acknowledgement")) await stored.ack();
  };
  const take = async (stored: Order) => {
    const order = decodeOrder(stored);
    if (order === undefined || order.type !== "command") return await acknowledge(stored);
    const { type, token, run, expires_at } = order.message;
    const named = { command_id: ownIdOf(order) ?? "", ...(token === undefined ? {} : { token }) };
    const isRepeated = acted.has(token ?? named.command_id);
    const isDoneAgain =
      (type === "task" && is("does a task again")) || (type === "pause" && is("pauses again"));
    if (isRepeated && !isDoneAgain) return await acknowledge(stored);
    const isExpired = expires_at !== undefined && Date.parse(expires_at) < Date.now();
    const isOthers = isControl(type) && run !== undefined && run !== instance_id;
    const isAnyRuns = is("obeys any run") || is("hides a pause of another run");
    let end = isExpired ? "expired" : isOthers ? "failed" : undefined;
    if ((isExpired && is("begins expired")) || (isOthers && isAnyRuns)) end = undefined;
    if (is("acknowledges first")) await acknowledge(stored);
    if (isExpired && is("leaves expired to serve")) await pause(leavesForMs);
    else await receipt(named, end ?? "delivered");
    if (!is("acknowledges first")) await acknowledge(stored);
    acted.add(token ?? named.command_id);
    if (end !== undefined) return;
    if ((isRepeated || isExpired) && !isControl(type)) await work(named);
    else await obey(type, named);
  };

  beat();
  let timer = setInterval(beat, intervalMs);
  if (is("broken event")) void store("event", { kind: 7 });
  if (is("unknown tool")) void call("dance", {});
  let taking = Promise.resolve();
  const onOrder = (order: Order) => {
    taking = taking.then(() => take(order));
  };
  const begin = () => consumeOrders(bus, id, onOrder, silentLogger);
  const readAlone = async () => {
    const untilMs = performance.now() + aloneForMs;
    while (performance.now() < untilMs && !isOver) {
      await readInbox();
      await pause(50);
    }
    return begin();
  };
  const orders = is("takes orders late") ? readAlone() : Promise.resolve(begin());
  return async () => {
    isOver = true;
    clearInterval(timer);
    await (await orders).stop();
    await taking;
    await inbox;
  };
}
