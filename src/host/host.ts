// The host of one agent's session, run by `cliai spawn` around the CLI: it hears the CLI's hooks, takes the agent's orders
// off NATS, speaks to the session by whichever way is open, and says what became of each. The CLI's tools are the bridge's.
import { type RunEnd, sayGoodbye } from "../agent-link/goodbye.ts";
import { type AgentFacts, startHeartbeat } from "../agent-link/heartbeat.ts";
import type { BridgeNews } from "../agent-link/host-protocol.ts";
import { startLink } from "../agent-link/link.ts";
import { createOrderIntake } from "../agent-link/order-intake.ts";
import { createReceiptQueue, noteTokens } from "../agent-link/receipt-queue.ts";
import { createToolCaller } from "../agent-link/tool-call.ts";
import { atMost } from "../agent-link/waiting.ts";
import type { Hook, HookAnswer, SessionCli } from "../domain/hook.ts";
import { isControl, summaryOf } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { buildConnectionName } from "../domain/wire/connection-name.ts";
import { checkMessage } from "../domain/wire/decode.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import { connectBus } from "../nats/bus.ts";
import { type ApprovalsOptions, createApprovals } from "./approvals.ts";
import { type CliProcess, createControl } from "./control.ts";
import { createEventSender, type SessionEvent } from "./event-sender.ts";
import { createGate } from "./gate.ts";
import { createHookAnswers } from "./hook-answers.ts";
import { createToolIds } from "./tool-ids.ts";
import { createTurn } from "./turn.ts";
import { createUsageMeter } from "./usage-meter.ts";
import { createDelivery } from "./ways/delivery.ts";
import { HandoutSchema, type OpenTask, readHandout } from "./ways/item-text.ts";
import { createWays, type OwnWays, type RouteName, routeNames } from "./ways/routes.ts";
import { watchTranscript } from "./ways/transcript.ts";

export interface SessionOptions extends Pick<ApprovalsOptions, "stopApproval" | "permissions"> {
  readonly agentId: AgentId;
  readonly url: string;
  readonly credsPath?: string | undefined;
  /** This run of the agent: its MCP server belongs to the same. */
  readonly instanceId: string;
  readonly heartbeatIntervalS: number;
  readonly facts: AgentFacts;
  readonly cli: SessionCli;
  /** It has an input stream: nothing is handed over by any way before that is open. Default false. */
  readonly hasStream?: boolean | undefined;
  /** Those that may be used; all when left out. */
  readonly routes?: readonly RouteName[] | undefined;
  /** Why the CLI will call no hook that could hold it, where that is known. */
  readonly unheld?: string | undefined;
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
  /** What a hook would have told, and another way has shown: it is not answered. */
  observe(payload: unknown): void;
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
  attach(process: CliProcess): void;
  /** It takes words by these ways. */
  open(ways: OwnWays): void;
  /** The CLI has ended, in these words: says goodbye, and leaves nothing behind. */
  end(end: RunEnd): Promise<void>;
}

const goodbyeWithinMs = 2_000;
const defaultDeadlineS = 60;
const defaultReachWithinMs = 10_000;
const unheldLength = 500;
const calledNoHook = "its CLI asks its model, and has called no hook that could hold it";
const overriddenEnd = "its end was refused, and its CLI has ended the turn all the same";

export function startSession(options: SessionOptions): Session {
  const { agentId: id, instanceId, cli, routes: allowed = routeNames, log, now } = options;
  const beganMs = performance.now();
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
  if (options.unheld !== undefined) heartbeat.update({ unheld: options.unheld.slice(0, unheldLength) });
  const events = createEventSender({ id, instanceId, link, now, log });
  const meter = createUsageMeter((usage) => events.send({ kind: "usage", usage }));
  const receipts = createReceiptQueue({ id, link, now, log });
  const turn = createTurn();
  const ways = createWays({
    writeToSocket: cli.writeToSocket,
    turn,
    allowed,
    hasStream: options.hasStream ?? false,
    log,
  });
  const started = Promise.withResolvers<CliProcess | undefined>();

  const call = createToolCaller({
    ...{ id, link, createId: options.createId, instanceId: () => instanceId },
    reachWithinMs: options.reachWithinMs ?? defaultReachWithinMs,
    onDone: () => undefined,
    onTokens: (tokens) => noteTokens(receipts, tokens),
    // Of what waits in the inbox, the routes write the receipts; of an answer, its hook once the CLI has it.
    onHandedOver: () => undefined,
  });
  const approvals = createApprovals({
    ...{ call, createId: options.createId, log },
    stopApproval: options.stopApproval,
    permissions: options.permissions,
    permissionWaitS: Math.floor(options.holdMs / 1_000),
  });
  /** Whether the session had it in an earlier run; the server may have heard by now that this one goes on with it. */
  const isOfEarlierRun = ({ run, session_id, goes_on }: OpenTask) => {
    if (run === instanceId) return goes_on === true;
    return (
      session_id !== undefined && session_id === (heartbeat.presence().session_id ?? options.facts.session_id)
    );
  };
  const delivery = createDelivery({
    routes: ways.routes,
    takeItems: async (signal) => {
      const types = ["task", "message"]; // the gate has the others
      const { isError, text, result } = await call("take_orders", { types }, signal);
      if (isError) throw new Error(text);
      const { openTasks, ...handout } = readHandout(checkMessage(HandoutSchema, result));
      const earlier = openTasks.filter(isOfEarlierRun);
      for (const { command_id, token } of earlier)
        if (token !== undefined) receipts.noteToken(command_id, token);
      return {
        ...handout,
        earlierTasks: earlier.map(({ command_id, token }) => ({ id: command_id, token })),
      };
    },
    writeReceipt: (receipt) => receipts.write({ ...receipt, run: instanceId }),
    ...{ now, log },
  });
  /** Something may wait. */
  const nudge = () => {
    if (options.hasStream !== true || ways.isReady()) delivery.nudge();
  };
  const gate = createGate({ holdMs: options.holdMs, onHeld: () => control.held() });
  const control = createControl({
    ...{ gate, turn, receipts, defaultDeadlineS, log },
    whenStarted: started.promise,
    tell: async ({ command_id }, words, cutOff) => {
      const onQueued = delivery.expect(command_id);
      const route = await ways.sayAtOnce(words, cutOff);
      if (route !== "hook" || turn.isHeld()) receipts.write({ command_id, state: "injected", route });
      onQueued();
    },
    onStop: () => {
      delivery.stop();
      void approvals.stop();
    },
  });
  const orders = createOrderIntake({
    ...{ id, now, log },
    run: { ids: [instanceId], beganMs },
    wasGiven: () => Promise.resolve(false),
    onOrder: (order) => {
      if (order.token !== undefined) receipts.noteToken(order.command_id, order.token);
      if (isControl(order.type)) control.take(order);
      else nudge();
    },
  });
  link.onChange((bus) => {
    if (bus === undefined) return;
    orders.attach(bus);
    if (ways.isReady()) delivery.nudge();
  });
  const transcript = watchTranscript({
    isAwaiting: delivery.isAwaiting,
    onLine: (line) => {
      const text = cli.readTranscriptLine(line);
      if (text !== undefined) delivery.noteEvidence(text, "transcript");
    },
    log,
  });

  /** Whether the hooks of our settings are called: where a user's own take their place, a stream's results tell the ends of turns. */
  let hasSettings = false;
  /** Whether the last end of a turn was refused: after that the CLI has another one, but where it overrides the refusal. */
  let isEndRefused = false;
  const isRefusedEnd = ({ type }: HookAnswer) => type === "hold_back" && options.stopApproval !== undefined;
  const toolIds = createToolIds();
  const isStopping = () => control.stop() !== undefined;
  const answerTo = createHookAnswers({ gate, approvals, hookRoute: ways.hook, isStopping });
  const turnEnded = () => {
    turn.end();
    ways.hook.turnEnded();
    control.turnEnded();
    nudge();
  };
  /**
   * Whether a hook comes by the way by which tools are held. `SessionStart` does not: it is a command, which is called where no
   * HTTP hook is. Where a session has a stream, the tools are held by that.
   */
  const showsHolding = (kind: string) =>
    options.hasStream === true ? kind === "tool_start" : kind !== "session_start";
  const noteHeld = () => {
    turn.noteHeld();
    if (heartbeat.presence().unheld !== undefined) heartbeat.update({ unheld: "" });
  };
  const takeFirstHook = ({ facts }: Hook) => {
    nudge();
    // Asked to stop before it had begun.
    if (facts.kind === "session_start" && isStopping()) control.turnEnded();
  };
  const takeFacts = ({ facts, isSubagent, isIdle }: Hook, answer: HookAnswer) => {
    const { kind } = facts;
    const isHeldUp = answer.type === "deny" || answer.type === "hold_back";
    if (isAsked(kind)) {
      const verdict = { permit: "allow", answer: "answered", forbid: "deny" }[answer.type as string];
      if (verdict !== undefined) {
        events.send({ ...facts, kind: "notification", detail: `permission_response: ${verdict}` });
      }
      return;
    }
    events.send(isHeldUp ? { ...facts, kind: `${kind}_refused`, detail: answer.reason } : facts);
    if (isSubagent || isHeldUp) return;
    if (turnEnds.has(kind) || isIdle) turnEnded();
  };

  return {
    async hook(payload, signal) {
      const read = cli.readHook(payload);
      if (read === undefined) return {};
      const hook = { ...read, facts: toolIds.note(read) };
      const { facts, prompt, isSubagent } = hook;
      if (showsHolding(facts.kind)) noteHeld();
      if (turn.noteHook()) takeFirstHook(hook);
      // A stream carries these as well.
      if (facts.kind !== "tool_start" && !isAsked(facts.kind)) hasSettings = true;
      heartbeat.update({
        ...(heartbeat.presence().status === "starting" ? { status: "connected" } : {}),
        ...(facts.session_id === undefined ? {} : { session_id: facts.session_id }),
      });
      if (!isSubagent && (facts.kind === "prompt" || facts.kind === "tool_start")) turn.begin();
      if (prompt !== undefined) {
        ways.lineIsEmpty();
        delivery.noteEvidence(prompt, "prompt");
      }
      transcript.look(hook.transcriptPath);
      // Shown as waiting while it is asked.
      if (isAsked(facts.kind)) events.send(facts);
      const answer = await answerTo(hook, signal);
      // What nobody waited for says nothing of what the session does now, and nobody was given it.
      if (signal?.aborted !== true) {
        takeFacts(hook, answer);
        if (facts.kind === "turn_end" && !isSubagent) isEndRefused = isRefusedEnd(answer);
        const { takes = [] } = answer;
        // After the answer has left.
        if (takes.length > 0) setTimeout(() => receipts.writeHandedOver(takes, "hook"), 0);
      } else if (isAsked(facts.kind)) {
        // Answered, or left, at the terminal.
        events.send({ ...facts, kind: "notification", detail: "permission_response: closed" });
      }
      return cli.buildHookAnswer(hook, answer);
    },
    observe(payload) {
      const hook = cli.readHook(payload);
      if (hook === undefined) return;
      toolIds.note(hook);
      approvals.noteTool(hook);
      transcript.look(hook.transcriptPath);
      events.send(hook.facts);
    },
    bridgeNews({ messaging: socket, ...news }) {
      if (socket !== undefined) ways.openSocket(socket);
      heartbeat.update(definedOf(withoutGreeting(news, heartbeat.presence().status)));
      nudge();
    },
    bridgeLink(isUp) {
      if (!isUp) events.send({ kind: "tools_lost", detail: "the agent's MCP server has ended" });
    },
    telemetry(payload) {
      const requests = cli.readTelemetry(payload);
      // A prompt's hook comes before its request to the model.
      if (requests.some(({ isConversation }) => isConversation) && !turn.isHeld()) {
        heartbeat.update({ unheld: heartbeat.presence().unheld || calledNoHook });
      }
      meter(requests);
    },
    report: (event) => events.send(event),
    turnResult({ isError, text }) {
      const isOverridden = isEndRefused;
      isEndRefused = false;
      const detail = summaryOf(`${isOverridden ? overriddenEnd : "its turn has ended"}: ${text}`);
      const isFailed = isError || isOverridden;
      for (const command_id of delivery.takeSeenTasks()) {
        receipts.write({ command_id, state: isFailed ? "failed" : "applied", route: "result", detail });
      }
      if ((hasSettings && !isOverridden) || !turn.isOpen()) return;
      events.send(isFailed ? { kind: "turn_failed", error: "other", detail } : { kind: "turn_end" });
      turnEnded();
    },
    noteEvidence(text, how) {
      // By this way a prompt is told in order with the tools' results, by its hook it may be told before them.
      if (how === "echo") approvals.notePrompt();
      delivery.noteEvidence(text, how);
    },
    attach: (process) => started.resolve(process),
    open(own) {
      ways.open(own);
      if (own.stream?.carriesHooks === true) noteHeld();
      if (ways.isReady()) delivery.nudge();
    },
    async end({ how, hasFailedToStart = false }) {
      // It failed before the connection was there, and is to be told all the same.
      if (hasFailedToStart) await link.connected(AbortSignal.timeout(goodbyeWithinMs)).catch(() => undefined);
      started.resolve(undefined);
      transcript.stop();
      delivery.stop();
      heartbeat.stop();
      const takenBack = approvals.stop();
      await atMost(goodbyeWithinMs, orders.stop());
      await control.ended(how);
      await Promise.all([receipts.close(goodbyeWithinMs), takenBack]);
      if (turn.isHooked()) events.send({ kind: "session_end", detail: how });
      events.stop();
      sayGoodbye({ id, instanceId, link, now, log }, control.stop(), { how, hasFailedToStart });
      await link.close(goodbyeWithinMs);
    },
  };
}

/** Kinds of hooks after which nothing of the agent runs. */
const turnEnds: ReadonlySet<string> = new Set(["turn_end", "turn_failed", "session_end"]);

/** Whether a hook of the kind asks the user of the CLI for something. */
function isAsked(kind: string): boolean {
  return kind === "permission" || kind === "question";
}

/** A further MCP server of the CLI that begins says `connected`, which is news only of an agent that has said nothing yet. */
function withoutGreeting<News extends Pick<BridgeNews, "status">>(news: News, status: string): News {
  return news.status === "connected" && status !== "starting" ? { ...news, status: undefined } : news;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
