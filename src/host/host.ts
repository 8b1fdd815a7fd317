// This room is the host: the process around one session of an agent's CLI. It is made in four stages, one a file.
//
// `cliai spawn` runs the host around the CLI. The host answers the CLI's hooks. It takes the agent's orders from NATS, brings
// them into the session by an open route, and writes their receipts. The bridge, not the host, has the agent's
// tools. Each of the four stages (reporting, speaking, steering, hearing) uses what the earlier ones have made.
import type { RunEnd } from "../agent-link/goodbye.ts";
import type { BridgeNews } from "../agent-link/host-protocol.ts";
import type { Link } from "../agent-link/link.ts";
import type { SessionListener } from "../agents/live-session.ts";
import { definedOf } from "../domain/defined.ts";
import type { TurnResult } from "../domain/hook.ts";
import type { ModelRequest } from "../domain/wire/model-request.ts";
import { endHost, type UnsentReports } from "./end-host.ts";
import type { SessionEvent } from "./event-sender.ts";
import { createBeginning } from "./hear/beginning.ts";
import { createBridgeWatch } from "./hear/bridge-watch.ts";
import type { HookIntake } from "./hear/hook-intake.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import { type Reporting, startReporting } from "./reporting.ts";
import { holdingTexts, sayFirst } from "./routes/held-texts.ts";
import type { OwnRoutes } from "./routes/routes.ts";
import { createScreenDesk } from "./screen/screen-desk.ts";
import type { ViewedTerminal } from "./screen/viewed-terminal.ts";
import type { SessionOptions } from "./session-options.ts";
import { createSpeaking, type Speaking } from "./speaking.ts";
import type { CliProcess } from "./steer/cli-process.ts";
import { type Steering, startSteering } from "./steering.ts";

export interface Host
  extends Pick<HookIntake, "hook" | "takeHook" | "observe">,
    Pick<Hearing, "telemetry" | "usage" | "takeSign"> {
  /** The agent's connection to NATS. */
  readonly link: Link;
  /** Takes the state of the agent's request to its model server. */
  modelRequest(request: ModelRequest): void;
  /** The CLI has told the id of its session. */
  sessionTold(id: string): void;
  readonly whenLetGo: SessionListener["whenLetGo"];
  /** Takes what the bridge tells. */
  bridgeNews(news: BridgeNews): void;
  bridgeLink(isUp: boolean): void;
  /** Sends an event that the CLI has shown in another way than by a hook. */
  report(event: SessionEvent): void;
  /** The session's own model has said this, in a session that is not on a terminal of the host. */
  heard(words: string): void;
  /** The session's own model thinks this. */
  thought(words: string): void;
  /** Takes the CLI's result of a turn. It ends the tasks of that turn, unless the agent has acknowledged them itself. */
  turnResult(result: TurnResult): void;
  /** The CLI's process has started. */
  attach(process: CliProcess): void;
  /** The CLI runs on this terminal: shows it to those who watch. */
  showTerminal(terminal: ViewedTerminal): void;
  /**
   * Adds the routes that the launched CLI has opened.
   * @param launchTask the task for a session with a stream. The session gets it at once; if the agent is paused, when it is let go
   */
  open(own: OwnRoutes, launchTask?: string): void;
  /**
   * The CLI has ended. Writes the last receipts, says goodbye for the agent, and closes the connection. Resolves with what could not be sent,
   * because NATS is away.
   */
  end(end: RunEnd): Promise<UnsentReports>;
}

export function startHost(options: SessionOptions): Host {
  const beganMs = performance.now();
  const reporting = startReporting(options);
  const speaking = createSpeaking(options, reporting);
  const steering = startSteering(options, beganMs, reporting, speaking);
  const hearing = createHearing(options, reporting, speaking, steering);
  const { heartbeat, events } = reporting;
  const { routes, delivery, turn } = speaking;
  const { mayAskAtTerminal: mayAsk, beginsWithinMs } = options;
  const { agentId, cli, log, bridgeStartsWithinMs: startsWithinMs } = options;
  const whenEnded = cli.whenBridgeEnds?.[options.hasStream === true ? "stream" : "terminal"];
  const bridgeWatch = createBridgeWatch({
    ...{ id: agentId, events, whenEnded, log, startsWithinMs },
    leavesItUnused: options.hasStream === true && cli.leavesBridgeUnused === true,
    isStopping: () => steering.control.stop() !== undefined,
  });
  const beginning = createBeginning({ heartbeat, mayAsk, beginsWithinMs, log, onPrompt: bridgeWatch.ready });
  const screen = createScreenDesk({
    ...{ id: agentId, instanceId: options.instanceId, link: reporting.link, now: options.now, log },
    // Without credentials everybody on NATS may publish there, also another agent.
    whyNotType:
      options.credsPath === undefined ? "its server has no credentials, so anybody could type" : undefined,
    onTyped: (words) => events.send({ kind: "typed", detail: words }),
  });
  const isOver = new AbortController();
  const greeting = createGreeting(options.hasStream === true, heartbeat);
  const noteBridge = createBridgeNote(options, reporting, speaking, steering);
  return {
    hook(payload, signal) {
      beginning.begun();
      bridgeWatch.ready();
      return hearing.hook(payload, signal);
    },
    takeHook(hook, signal) {
      beginning.begun();
      return hearing.takeHook(hook, signal);
    },
    whenLetGo: steering.gate.whenLetGo,
    observe: hearing.observe,
    usage: hearing.usage,
    link: reporting.link,
    modelRequest: (request) => heartbeat.update({ model_request: request }),
    sessionTold: (session_id) => heartbeat.update({ session_id }),
    telemetry: hearing.telemetry,
    takeSign: hearing.takeSign,
    heard: hearing.turnEnds.heard,
    thought: reporting.transcript.noteThought,
    turnResult: hearing.turnEnds.takeResult,
    bridgeNews({ messaging: socket, ...news }) {
      beginning.begun();
      bridgeWatch.came();
      if (socket !== undefined) routes.openSocket(socket);
      heartbeat.update(definedOf(greeting.heard(news)));
      noteBridge();
    },
    bridgeLink(isUp) {
      bridgeWatch.link(isUp);
    },
    report: (event) => events.send(event),
    attach(process) {
      beginning.launched();
      steering.started(process);
    },
    showTerminal: screen.show,
    open(own, launchTask) {
      const { stream } = own;
      const held = stream && holdingTexts(stream, steering.gate);
      routes.open(held === undefined ? own : { ...own, stream: held });
      if (stream !== undefined) {
        greeting.opened();
        bridgeWatch.ready();
      }
      if (stream?.carriesHooks === true) hearing.noteHeld();
      if (stream?.holdsOnlyAsked === true) turn.noteHeld("asked");
      if (own.input?.tellsAsked === true) hearing.holdByAsking();
      const closed = own.terminal?.whenClosed;
      if (closed !== undefined) {
        const isBeside = options.cli.showsDialogBesideHook?.(options.facts.agent_cli_version);
        if (isBeside !== undefined) speaking.approvals.watchTerminal(closed, isBeside);
        void closed.then(() => heartbeat.update({ terminal_closed: true }));
      }
      if (own.terminal?.readBeginning !== undefined) beginning.look(own.terminal.readBeginning);
      if (own.terminal?.readRetry !== undefined) hearing.watchRetries(own.terminal.readRetry);
      if (own.terminal?.readTurn !== undefined) hearing.watchTurn(own.terminal.readTurn);
      if (held !== undefined && launchTask !== undefined)
        void sayFirst(held, launchTask, { signal: isOver.signal, log: options.log });
      if (routes.isReady()) delivery.nudge();
    },
    end(end) {
      isOver.abort();
      reporting.textHold.stop();
      beginning.stop();
      bridgeWatch.stop();
      screen.stop();
      return endHost(options, { reporting, speaking, steering, hearing }, end);
    },
  };
}

/**
 * Returns the function to call when the bridge has told something: the session may now take texts. For a CLI that calls no hook before its
 * first prompt (`beginsByPrompt`), this is the first sign that its session has begun. A session that gets a task of its launch first is left out.
 */
function createBridgeNote(
  { cli, hasStream, hasLaunchTask, unheld, facts }: SessionOptions,
  { events }: Pick<Reporting, "events">,
  { turn, nudge }: Pick<Speaking, "turn" | "nudge">,
  { control }: Pick<Steering, "control">,
): () => void {
  const isMeant = cli.beginsByPrompt === true && hasStream !== true && unheld === undefined;
  let isNoted = !isMeant || hasLaunchTask === true;
  return () => {
    if (!isNoted && !turn.isHooked()) {
      isNoted = true;
      turn.noteBegun();
      // Without this event, nothing shows that a session without a task is idle.
      events.send({ kind: "session_start", session_id: facts.session_id });
      // The stop came before the session had begun.
      if (control.stop() !== undefined) control.quiet();
    }
    nudge();
  };
}

/**
 * Decides whether the status `connected` of a starting bridge is passed on. It is news only while the agent's status is `starting`. In a
 * session with a stream it waits until the session is open, because a CLI may start its MCP servers and then fail to open its session.
 */
function createGreeting(hasStream: boolean, heartbeat: Reporting["heartbeat"]) {
  let isOpen = !hasStream;
  let isHeld = false;
  const isStarting = () => heartbeat.presence().status === "starting";
  return {
    heard<News extends Pick<BridgeNews, "status">>(news: News): News {
      if (news.status !== "connected" || (isOpen && isStarting())) return news;
      isHeld ||= !isOpen;
      return { ...news, status: undefined };
    },
    opened() {
      isOpen = true;
      if (isHeld && isStarting()) heartbeat.update({ status: "connected" });
    },
  };
}
