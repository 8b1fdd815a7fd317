// The host of one agent's session, run by `cliai spawn` around the CLI: it hears the CLI's hooks, takes the agent's orders
// off NATS, speaks to the session by whichever way is open, and says what became of each. The CLI's tools are the bridge's.
import type { AgentId } from "../../domain/agent-id.ts";
import { buildConnectionName } from "../../domain/connection-name.ts";
import { checkMessage } from "../../domain/decode.ts";
import { messageOf } from "../../domain/errors.ts";
import type { Hook, HookAnswer, SessionCli } from "../../domain/hook.ts";
import { summaryOf } from "../../domain/receipts.ts";
import { agentSubject, inboxPrefix } from "../../domain/subjects.ts";
import type { Logger } from "../../log.ts";
import { connectBus } from "../../nats/bus.ts";
import { type ReceiptWriter, writeHandedOver, writeReceipt } from "../handed-over.ts";
import { type AgentFacts, startHeartbeat } from "../heartbeat.ts";
import { startLink } from "../link.ts";
import { createOrderIntake } from "../orders.ts";
import { isStop, type TakenOrder } from "../read-order.ts";
import { createToolCaller } from "../tool-call.ts";
import { type ApprovalsOptions, createApprovals } from "./approvals.ts";
import { type CliProcess, createControl } from "./control.ts";
import { createDelivery, type Route } from "./delivery.ts";
import { createEventSender, type SessionEvent } from "./events.ts";
import { createGate } from "./gate.ts";
import { createHookRoute } from "./hook-route.ts";
import { HandoutSchema, readHandout } from "./item-text.ts";
import type { BridgeNews } from "./listener.ts";
import { type MessagingSocket, writeToSocket } from "./messaging-socket.ts";
import { createTranscriptReader } from "./transcript.ts";
import { createUsageMeter } from "./usage-meter.ts";

/** Ways to the CLI that belong to how it was launched: its input stream, or the terminal that it is on. */
export interface OwnWays {
  readonly stream?: {
    say(text: string): Promise<void>;
    /** Cuts off what the CLI is doing; false where it cannot be reached. */
    interrupt(): Promise<boolean>;
  };
  readonly terminal?: {
    /** False while somebody is at the keyboard, and then nothing was typed. */
    type(text: string): Promise<boolean>;
    lineIsEmpty(): void;
  };
}

/** All the ways to speak to a session, in the order in which they are tried. */
export const routeNames = ["stream-json", "messaging-socket", "hook", "terminal"] as const;
export type RouteName = (typeof routeNames)[number];

export interface SessionOptions extends Pick<ApprovalsOptions, "stopApproval" | "permissions"> {
  readonly agentId: AgentId;
  readonly url: string;
  readonly credsPath?: string | undefined;
  /** This run of the agent: its MCP server belongs to the same. */
  readonly instanceId: string;
  readonly heartbeatIntervalS: number;
  readonly facts: AgentFacts;
  readonly cli: SessionCli;
  /** Those that may be used; all when left out. */
  readonly routes?: readonly RouteName[] | undefined;
  /** How long a paused call is held, and an answer waited for: less than the CLI waits for its hook. */
  readonly holdMs: number;
  /** How long a server is waited for that is away, before the stated policy counts. Default 10000. */
  readonly reachWithinMs?: number | undefined;
  readonly now: () => Date;
  readonly createId: () => string;
  readonly log: Logger;
}

export interface Session {
  /** Answers a hook of the CLI; once the signal aborts, the CLI waits for the answer no more. */
  hook(payload: unknown, signal?: AbortSignal): Promise<unknown>;
  /** What the MCP server tells. */
  bridgeNews(news: BridgeNews): void;
  bridgeLink(isUp: boolean): void;
  /** What the CLI exports of its requests to the model. */
  telemetry(payload: unknown): void;
  /** What the CLI says of itself by other ways than hooks. */
  report(event: SessionEvent): void;
  /** The CLI says that a turn is over: the end of the tasks that it had, unless the agent has told another. */
  turnResult(result: { readonly isError: boolean; readonly text: string }): void;
  /** Text that the CLI has shown to have before its model. */
  noteEvidence(text: string, how: string): void;
  /** The CLI runs. */
  attach(process: CliProcess, ways?: OwnWays): void;
  /** The CLI has ended, in these words: says goodbye, and leaves nothing behind. */
  end(how: string): Promise<void>;
}

const goodbyeWithinMs = 2_000;
const lookEveryMs = 250;
const defaultDeadlineS = 60;
const defaultReachWithinMs = 10_000;
const socketOpensWithinMs = 10_000;

export function startSession(options: SessionOptions): Session {
  const { agentId: id, instanceId, cli, routes: allowed = routeNames, log, now } = options;
  const link = startLink(
    () =>
      connectBus({
        url: options.url,
        name: buildConnectionName(id, instanceId),
        credsPath: options.credsPath,
        inboxPrefix: inboxPrefix(id),
        log,
      }),
    log,
  );
  const heartbeat = startHeartbeat({
    ...{ id, instanceId, facts: options.facts, intervalS: options.heartbeatIntervalS, link, now, log },
  });
  const events = createEventSender({ id, instanceId, link, now });
  const meter = createUsageMeter((usage) => events.send({ kind: "usage", usage }));
  const writer: ReceiptWriter = { id, link, now, log };
  const receipt = (facts: Parameters<typeof writeReceipt>[1]) => writeReceipt(writer, facts);
  const transcript = createTranscriptReader();

  let process: CliProcess | undefined;
  let ways: OwnWays = {};
  let messaging: MessagingSocket | undefined;
  let transcriptPath: string | undefined;
  let isTurnOpen = false;
  let isHooked = false;
  let hookedAtMs = 0;
  const hooked = Promise.withResolvers<void>();

  const call = createToolCaller({
    ...{ id, link, createId: options.createId, instanceId: () => instanceId },
    reachWithinMs: options.reachWithinMs ?? defaultReachWithinMs,
    onDone: () => undefined,
    onHandedOver: (ids, tool) => {
      // Of what waits in the inbox, the routes write the receipts.
      if (tool !== "take_orders") void writeHandedOver(writer, ids, "hook");
    },
  });
  const approvals = createApprovals({
    call,
    stopApproval: options.stopApproval,
    permissions: options.permissions,
    permissionWaitS: Math.floor(options.holdMs / 1_000),
  });

  const hookRoute = createHookRoute(() => isTurnOpen && isHooked);
  /** The MCP server, which names the socket, starts beside the session. */
  const mayOpenSocket = () =>
    allowed.includes("messaging-socket") &&
    messaging === undefined &&
    performance.now() - hookedAtMs < socketOpensWithinMs;
  const allRoutes: Readonly<Record<RouteName, Route["give"]>> = {
    "stream-json": async (text) => {
      await ways.stream?.say(text);
      return ways.stream !== undefined;
    },
    "messaging-socket": async (text) => {
      if (messaging === undefined) return false;
      await writeToSocket(messaging, text, "next");
      return true;
    },
    hook: hookRoute.give,
    // Typed only where a hook can show that it was sent, and where no better way is about to open.
    terminal: async (text) =>
      !isTurnOpen && isHooked && !mayOpenSocket() && (await ways.terminal?.type(text)) === true,
  };
  const delivery = createDelivery({
    routes: routeNames
      .filter((name) => allowed.includes(name))
      .map((name) => ({ name, give: allRoutes[name] })),
    takeItems: async (signal) => {
      const types = ["task", "message"]; // the gate has the others
      const { isError, text, result } = await call("take_orders", { types }, signal);
      if (!isError) return readHandout(checkMessage(HandoutSchema, result));
      throw new Error(text);
    },
    writeReceipt: (command_id, state, how) =>
      receipt({ command_id, state, ...(state === "seen" ? { detail: how } : { route: how }) }),
    log,
  });

  const gate = createGate({ holdMs: options.holdMs, onHeld: () => control.held() });
  const sayStop = async (text: string, cutOff: boolean): Promise<string> => {
    try {
      if (cutOff && (await ways.stream?.interrupt()) === true) return "interrupt";
      if (messaging !== undefined) {
        await writeToSocket(messaging, text, cutOff ? "now" : "next");
        return "messaging-socket";
      }
    } catch (error) {
      log.info(`the stop is told by hooks alone: ${messageOf(error)}`);
    }
    return "hook"; // the gate is shut: the next tool call is told why
  };
  const tellStop = async ({ type, command_id }: TakenOrder, words: string, cutOff: boolean) => {
    const onStored = delivery.expect(command_id);
    const route = await sayStop(`[cliai ${type} ${command_id}] ${words}`, cutOff);
    await receipt({ command_id, state: "injected", route });
    onStored();
  };
  const control = createControl({
    gate,
    process: () => process,
    isTurnOpen: () => isTurnOpen,
    whenHooked: hooked.promise,
    tellStop,
    writeReceipt: receipt,
    defaultDeadlineS,
  });
  const orders = createOrderIntake({
    ...{ id, now, log },
    wasGiven: () => Promise.resolve(false),
    onOrder: (order) => {
      const isGates = isStop(order) || order.type === "pause" || order.type === "resume";
      if (isGates) control.take(order);
      else delivery.nudge();
    },
  });
  link.onChange((bus) => {
    if (bus === undefined) return;
    orders.attach(bus);
    if (isReady()) delivery.nudge();
  });
  /** Whether the session takes words: before its handshake they would be lost. */
  const isReady = () => isHooked || messaging !== undefined || ways.stream !== undefined;

  const lookForEvidence = async () => {
    if (transcriptPath === undefined || !delivery.isAwaiting()) return;
    for (const line of await transcript.readNew(transcriptPath)) {
      const text = cli.readTranscriptLine(line);
      if (text !== undefined) delivery.noteEvidence(text, "transcript");
    }
  };
  const looking = setInterval(() => {
    lookForEvidence().catch((error: unknown) => log.debug(`transcript: ${messageOf(error)}`));
  }, lookEveryMs);

  const turnEnded = () => {
    isTurnOpen = false;
    hookRoute.turnEnded();
    control.turnEnded();
    delivery.nudge();
  };
  const answerTo = async (hook: Hook): Promise<HookAnswer> => {
    switch (hook.facts.kind) {
      case "tool_start":
        return hook.tool?.isOwn === true && gate.isShut() ? { type: "go" } : await gate.pass();
      case "tool_end":
      case "tool_failed":
        approvals.noteTool(hook);
        return hook.isSubagent ? { type: "go" } : told();
      case "prompt":
        return told();
      case "permission":
        return await permission(hook);
      case "turn_end":
        return await answerEnd(hook);
      default:
        return { type: "go" };
    }
  };
  /** What is permitted meets the gate once more: it may have closed while somebody thought about it. */
  const permission = async (hook: Hook): Promise<HookAnswer> => {
    const answer = await approvals.permission(hook);
    if (answer.type !== "permit") return answer;
    const passed = await gate.pass();
    return passed.type === "deny" ? { type: "forbid", reason: passed.reason } : answer;
  };
  const told = (): HookAnswer => {
    const text = hookRoute.take();
    return text === undefined ? { type: "go" } : { type: "add", text };
  };
  const answerEnd = async (hook: Hook): Promise<HookAnswer> => {
    if (control.stop() !== undefined) return { type: "go" };
    const text = hookRoute.take();
    if (text !== undefined) return { type: "hold_back", reason: text };
    const answer = await approvals.mayEnd(hook);
    return control.stop() === undefined ? answer : { type: "go" };
  };
  const takeFacts = ({ facts, isSubagent }: Hook, answer: HookAnswer) => {
    const { kind } = facts;
    const isHeldUp = answer.type === "deny" || answer.type === "hold_back";
    if (kind === "permission") {
      const verdict = { permit: "allow", forbid: "deny" }[answer.type as string];
      if (verdict !== undefined) {
        events.send({ ...facts, kind: "notification", detail: `permission_response: ${verdict}` });
      }
      return;
    }
    events.send(isHeldUp ? { ...facts, kind: `${kind}_refused`, detail: answer.reason } : facts);
    if (isSubagent || isHeldUp) return;
    if (kind === "turn_end" || kind === "turn_failed" || kind === "session_end") turnEnded();
  };

  return {
    async hook(payload, signal) {
      const hook = cli.readHook(payload);
      if (hook === undefined) return {};
      const { facts, prompt, isSubagent } = hook;
      transcriptPath = hook.transcriptPath ?? transcriptPath;
      if (!isHooked) {
        isHooked = true;
        hooked.resolve();
        hookedAtMs = performance.now();
        delivery.nudge();
      }
      heartbeat.update({
        ...(heartbeat.presence().status === "starting" ? { status: "connected" } : {}),
        ...(facts.session_id === undefined ? {} : { session_id: facts.session_id }),
      });
      if (!isSubagent && (facts.kind === "prompt" || facts.kind === "tool_start")) isTurnOpen = true;
      if (prompt !== undefined) {
        ways.terminal?.lineIsEmpty();
        delivery.noteEvidence(prompt, "prompt");
      }
      void lookForEvidence().catch(() => undefined); // the timer's look says what is wrong
      // Shown as waiting while it is asked.
      if (facts.kind === "permission") events.send(facts);
      const answer = await answerTo(hook);
      // What nobody waited for says nothing of what the session does now.
      if (signal?.aborted !== true) takeFacts(hook, answer);
      return cli.buildHookAnswer(hook, answer);
    },
    bridgeNews({ messaging: socket, ...news }) {
      if (socket !== undefined) messaging = socket;
      heartbeat.update(definedOf(news));
      delivery.nudge();
    },
    bridgeLink(isUp) {
      if (!isUp) events.send({ kind: "tools_lost", detail: "the agent's MCP server has ended" });
    },
    // The results of a stream say the same, and more exactly.
    telemetry(payload) {
      if (ways.stream === undefined) meter(cli.readTelemetry(payload));
    },
    report: (event) => events.send(event),
    turnResult({ isError, text }) {
      const detail = summaryOf(`its turn has ended: ${text}`);
      for (const command_id of delivery.takeSeenTasks()) {
        void receipt({ command_id, state: isError ? "failed" : "applied", route: "result", detail });
      }
    },
    noteEvidence: (text, how) => delivery.noteEvidence(text, how),
    attach(started, own = {}) {
      process = started;
      ways = own;
      if (isReady()) delivery.nudge();
    },
    async end(how) {
      clearInterval(looking);
      delivery.stop();
      approvals.stop();
      orders.stop();
      heartbeat.stop();
      await control.settled();
      const stop = control.stop();
      if (isTurnOpen || isHooked) events.send({ kind: "session_end", detail: how });
      const status = stop === undefined ? "disconnected" : "stopped";
      const reason = stop === undefined || stop.reason === "" ? "" : `: ${stop.reason}`;
      const message = stop === undefined ? how : `${stop.type} by ${stop.from}${reason}`;
      try {
        link.bus()?.publish(agentSubject(id, "status"), {
          ...{ agent_id: id, status, message, timestamp: now().toISOString(), instance_id: instanceId },
        });
      } catch (error) {
        log.debug(`goodbye: ${messageOf(error)}`); // the connection has just gone: its loss says the same
      }
      events.stop();
      await link.close(goodbyeWithinMs);
    },
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
