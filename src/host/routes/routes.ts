// This room speaks to the session: the routes, and delivery over the first one that is open.
//
// The routes to speak to a session, of which each may be missing or fail: its input stream, its messaging socket, the answers
// of its hooks, its terminal.
import type { MessagingSocket } from "../../agent-link/host-protocol.ts";
import type { SessionCli } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { Background } from "../hear/background.ts";
import type { Turn } from "../hear/turn.ts";
import type { Route } from "./delivery.ts";
import { createHookRoute, type HookRoute } from "./hook-route.ts";

/** Routes that belong to how the CLI was launched. */
export interface OwnRoutes {
  readonly stream?: {
    say(text: string): Promise<void>;
    /** Cuts off what the CLI is doing; false where it cannot be reached. */
    interrupt(): Promise<boolean>;
    /** The CLI has said that it calls the hook before a tool by it. */
    readonly carriesHooks?: boolean;
  };
  readonly terminal?: {
    /** False where its prompt is not known to be empty, or somebody is at the keyboard, and then nothing was sent. */
    type(
      text: string,
      typing: {
        readonly whyNot: () => string | undefined;
        readonly onWait: (why: string) => void;
        readonly signal: AbortSignal;
      },
    ): Promise<boolean>;
    noteSent(prompt: string): void;
  };
}

/** In the order in which they are tried. */
export const routeNames = ["stream-json", "messaging-socket", "hook", "terminal"] as const;
export type RouteName = (typeof routeNames)[number];

export interface Routes {
  /** Those that may be used, for what waits in the agent's inbox. */
  readonly allowed: readonly Route[];
  readonly hook: HookRoute;
  open(own: OwnRoutes): void;
  openSocket(socket: MessagingSocket): void;
  /** Whether the session takes words: before its handshake they would be lost. */
  isReady(): boolean;
  /** The CLI was sent this prompt. */
  noteSent(prompt: string): void;
  /** Says what cannot wait, and gives the name of the way; `cutOff` stops the running tool. */
  sayAtOnce(text: string, cutOff: boolean): Promise<RouteName | "interrupt">;
}

export interface RoutesOptions {
  /** Absent for a CLI whose session has no socket. */
  readonly writeToSocket: SessionCli["writeToSocket"];
  readonly turn: Turn;
  readonly background: Pick<Background, "running">;
  readonly allowed: readonly RouteName[];
  /** Nothing is said before the session's stream is open: until then its CLI may not call the hooks that could hold it. */
  readonly hasStream: boolean;
  readonly log: Logger;
}

const socketOpensWithinMs = 10_000;

export function createRoutes(options: RoutesOptions): Routes {
  const { turn, allowed, hasStream, writeToSocket, log } = options;
  let own: OwnRoutes = {};
  let socket: MessagingSocket | undefined;
  const hook = createHookRoute(turn.isOpen);
  /** The MCP server, which names the socket, starts beside the session. */
  const mayOpenSocket = () =>
    allowed.includes("messaging-socket") && socket === undefined && turn.hookedForMs() < socketOpensWithinMs;

  const give: Readonly<Record<RouteName, Route["give"]>> = {
    "stream-json": async (text) => {
      await own.stream?.say(text);
      return own.stream !== undefined;
    },
    "messaging-socket": async (text) => {
      if (socket === undefined) return false;
      await writeToSocket?.(socket, text, "next");
      return true;
    },
    hook: hook.give,
    // Typed only where a hook can show that it was sent, and where no better way is about to open.
    terminal: async (text, signal, onWait) => {
      if (own.terminal === undefined || !turn.isHooked() || mayOpenSocket()) return false;
      const why = whyNotTyped(options);
      if (why !== undefined) onWait(why);
      return (
        why === undefined &&
        (await own.terminal.type(text, { whyNot: () => whyNotTyped(options), onWait, signal }))
      );
    },
  };

  return {
    allowed: routeNames.filter((name) => allowed.includes(name)).map((name) => ({ name, give: give[name] })),
    hook,
    open(opened) {
      own = opened;
    },
    openSocket(opened) {
      if (writeToSocket !== undefined) socket = opened;
    },
    isReady: () => (hasStream ? own.stream !== undefined : turn.isHooked() || socket !== undefined),
    noteSent: (prompt) => own.terminal?.noteSent(prompt),
    async sayAtOnce(text, cutOff) {
      try {
        if (cutOff && (await own.stream?.interrupt()) === true) return "interrupt";
        if (socket !== undefined) {
          await writeToSocket?.(socket, text, cutOff ? "now" : "next");
          return "messaging-socket";
        }
      } catch (error) {
        log.info(`told by hooks alone: ${messageOf(error)}`);
      }
      return "hook"; // the gate is shut: the next tool call is told why
    },
  };
}

/** A dialog of a subagent stands where an Enter would answer it; what the turn itself asks comes while it is open. */
function whyNotTyped({ turn, background }: Pick<RoutesOptions, "turn" | "background">): string | undefined {
  if (turn.isOpen()) return "its turn runs";
  const subagents = background.running().filter(({ type }) => type === "subagent").length;
  if (subagents === 0) return undefined;
  return subagents === 1 ? "a subagent runs" : `${subagents} subagents run`;
}
