// This room speaks to the session: the routes, and delivery over the first one that is open.
//
// The routes into a session: its input stream, the file from which it takes texts, its messaging socket, the answers to its hooks, its
// terminal. Any of them may be missing or fail.
import type { MessagingSocket } from "../../agent-link/host-protocol.ts";
import type { LiveSession, Said, SessionInput } from "../../agents/live-session.ts";
import type { SessionCli } from "../../agents/session-cli.ts";
import type { RetryShown } from "../../domain/hook.ts";
import { type RouteName, routesOfUser, sessionRoutes } from "../../domain/route-names.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { Background } from "../hear/background.ts";
import type { Turn } from "../hear/turn.ts";
import type { Route } from "./hand-item.ts";
import { createHookRoute, type HookRoute } from "./hook-route.ts";

/** The routes that depend on how the CLI was launched: a stream (headless), or a terminal and what the CLI has beside it. */
export interface OwnRoutes {
  readonly stream?: Pick<LiveSession, "route" | "carriesHooks" | "holdsOnlyAsked" | "interrupt"> & {
    /** As {@link LiveSession.say}. `paused`: the CLI has not got the text; give it again. */
    say(text: string, id?: string): Promise<Said | "paused">;
  };
  readonly input?: Pick<SessionInput, "submit" | "tellsAsked">;
  readonly terminal?: {
    /** Resolves with false, and has typed nothing, if the prompt is not known to be empty or somebody is at the keyboard. */
    type(
      text: string,
      typing: {
        readonly whyNot: () => string | undefined;
        readonly onWait: (why: string) => void;
        readonly signal: AbortSignal;
      },
    ): Promise<boolean>;
    noteSent(prompt: string): void;
    /** Resolves when it was closed while the CLI runs on; undefined if the CLI ends with it. */
    readonly whenClosed?: Promise<void> | undefined;
    /** Reads from its screen why the CLI would not give its model a text of the file; undefined if it would. */
    readInputHindrance?(): Promise<string | undefined>;
    /** What its screen shows before the CLI has begun: nothing yet, the CLI's empty prompt, or something else. */
    readBeginning?(): Promise<"blank" | "prompt" | "other">;
    /** Reads from the screen whether the CLI repeats a request to its model. */
    readRetry?(): Promise<RetryShown | undefined>;
    /** Reads from its screen whether a turn runs; `other` if that is not known. */
    readTurn?(): Promise<"running" | "none" | "other">;
  };
}

export interface Routes {
  /** The routes that may be used for the agent's inbox. */
  readonly allowed: readonly Route[];
  /** The routes that are tried first for an operator's order, because the CLI takes their texts as its user's. Empty if `isOrderSet`. */
  readonly ofUser: readonly Route[];
  readonly hook: HookRoute;
  open(own: OwnRoutes): void;
  openSocket(socket: MessagingSocket): void;
  /** Whether the session takes text. Text sent before its handshake (the stream's, or the first hook or socket) would be lost. */
  isReady(): boolean;
  /** The CLI's hook says that this prompt was sent. */
  noteSent(prompt: string): void;
  /** Tells the session a text that cannot wait. Resolves with the name of the route. `cutOff` also interrupts the running tool. */
  sayAtOnce(text: string, cutOff: boolean): Promise<RouteName | "interrupt">;
}

export interface RoutesOptions {
  /** Undefined for a CLI whose session has no socket. */
  readonly writeToSocket: SessionCli["writeToSocket"];
  readonly turn: Turn;
  readonly background: Pick<Background, "running">;
  readonly hookTexts?: SessionCli["hookTexts"];
  /** In the sequence in which they are tried. */
  readonly allowed: readonly RouteName[];
  /** Whether a person has set this sequence of routes. Then it also applies to an operator's orders. */
  readonly isOrderSet: boolean;
  /** Whether the session has a stream. If so, nothing is said before it is open: until then the CLI may not call the hook that holds a tool. */
  readonly hasStream: boolean;
  readonly log: Logger;
}

const socketOpensWithinMs = 10_000;

export function createRoutes(options: RoutesOptions): Routes {
  const { turn, allowed, hasStream, writeToSocket, hookTexts, log } = options;
  let own: OwnRoutes = {};
  let socket: MessagingSocket | undefined;
  const hook = createHookRoute(turn.isOpen, hookTexts);
  /** Whether the socket may still open: the bridge tells its path, and the bridge starts only when the session does. */
  const mayOpenSocket = () =>
    allowed.includes("messaging-socket") && socket === undefined && turn.hookedForMs() < socketOpensWithinMs;

  const sayBy =
    (name: RouteName): Route["give"] =>
    async (text, _signal, onWait, id) => {
      if (own.stream?.route !== name) return false;
      const said = await own.stream.say(text, id);
      const why = { busy: "its turn runs", paused: "it is paused" }[said as string];
      if (why !== undefined) onWait(why);
      return why === undefined;
    };
  const give: Readonly<Record<RouteName, Route["give"]>> = {
    ...(Object.fromEntries(sessionRoutes.map((name) => [name, sayBy(name)])) as Record<
      (typeof sessionRoutes)[number],
      Route["give"]
    >),
    // Only after a hook, because the CLI skips what stands in the file before it begins to read.
    "input-file": async (text, _signal, onWait) => {
      if (own.input === undefined || !turn.isHooked()) return false;
      const why = await own.terminal?.readInputHindrance?.();
      if (why !== undefined) {
        onWait(why);
        return false;
      }
      await own.input.submit(text);
      return true;
    },
    "messaging-socket": async (text) => {
      if (socket === undefined) return false;
      await writeToSocket?.(socket, text, "next");
      return true;
    },
    hook: hook.give,
    // Type only if hooks are called, because a hook shows that the text was sent; and only if no better route is about to open.
    terminal: async (text, signal, onWait) => {
      if (own.terminal === undefined || !turn.hasBegun() || mayOpenSocket()) return false;
      const why = whyNotTyped(options);
      if (why !== undefined) onWait(why);
      return (
        why === undefined &&
        (await own.terminal.type(text, { whyNot: () => whyNotTyped(options), onWait, signal }))
      );
    },
  };

  // For an operator's order, a terminal is better than a socket that is about to open. It takes text as soon as its screen shows an empty
  // prompt.
  const isTerminalNear = () =>
    own.terminal !== undefined && turn.hasBegun() && whyNotTyped(options) === undefined;
  const typeAsUser: Route["give"] = async (text, signal) =>
    isTerminalNear() &&
    (await own.terminal?.type(text, {
      whyNot: () => whyNotTyped(options),
      onWait: () => undefined,
      signal,
    })) === true;
  const asUser = (route: Route): Route =>
    route.name === "terminal" ? { ...route, give: typeAsUser, mayOpen: isTerminalNear } : quiet(route);

  const routes = [...new Set(allowed)].map((name) => ({ name, give: give[name] }));
  return {
    allowed: routes,
    ofUser: options.isOrderSet ? [] : routes.filter(({ name }) => routesOfUser.includes(name)).map(asUser),
    hook,
    open(opened) {
      own = opened;
    },
    openSocket(opened) {
      if (writeToSocket !== undefined) socket = opened;
    },
    isReady: () => (hasStream ? own.stream !== undefined : turn.hasBegun() || socket !== undefined),
    noteSent: (prompt) => own.terminal?.noteSent(prompt),
    async sayAtOnce(text, cutOff) {
      try {
        if (cutOff && (await own.stream?.interrupt()) === true) return "interrupt";
        if (socket !== undefined) {
          await writeToSocket?.(socket, text, cutOff ? "now" : "next");
          return "messaging-socket";
        }
      } catch (error) {
        log.info(
          `the route failed, so the model is told by the answer to its next hook: ${messageOf(error)}`,
        );
      }
      return "hook"; // the gate is shut, and denies the next tool call with the reason
    },
  };
}

/** The route without its reports to `onWait`, because the text does not wait if another route takes it. */
function quiet({ name, give }: Route): Route {
  return { name, give: (text, signal, _onWait, id) => give(text, signal, () => undefined, id) };
}

/** Why nothing may be typed now: an Enter could answer an open dialog. Dialogs come from the turn itself or from a subagent. */
function whyNotTyped({ turn, background }: Pick<RoutesOptions, "turn" | "background">): string | undefined {
  if (turn.isOpen()) return "its turn runs";
  const subagents = background.running().filter(({ type }) => type === "subagent").length;
  if (subagents === 0) return undefined;
  return subagents === 1 ? "a subagent runs" : `${subagents} subagents run`;
}
