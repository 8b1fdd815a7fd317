// `SessionCli`: what the host has to know about an agent CLI to talk to its session. `AgentCli.session` has one for each CLI.
import type {
  DeniedCall,
  Hook,
  HookAnswer,
  HookTool,
  ModelRequest,
  SessionSign,
  ToolDecision,
  ToolDenial,
} from "../domain/hook.ts";
import type { RouteName } from "../domain/route-names.ts";
import type { RecordEntry } from "../domain/transcript/record-entry.ts";

export interface SessionCli {
  /** The routes that the CLI can have, in the order in which they are tried. */
  readonly routes: readonly RouteName[];
  /** Words for what the CLI may ask at its terminal before it calls any hook; absent if it asks nothing then. */
  readonly mayAskAtStart?: string;
  /**
   * Writes a text to the socket on which the session takes messages; absent for a CLI without such a socket. `now` interrupts the running
   * tool. Resolves when the session has taken the whole text from the socket; rejects if it could not be sent.
   */
  readonly writeToSocket?: (
    socket: { readonly path: string; readonly token?: string | undefined },
    text: string,
    priority: "next" | "now",
  ) => Promise<void>;
  /** Whether this release, on a terminal, shows the dialog of a permission while its hook waits for the answer, and takes the first answer. */
  readonly showsDialogBesideHook?: (version: string | undefined) => boolean;
  /**
   * What the CLI does when cliai's MCP server has ended while the session runs, in words for a person. `stream`: in a session over pipes.
   * `terminal`: in a session on a terminal. Absent if the CLI does not start the server again.
   */
  readonly whenBridgeEnds?: { readonly stream?: string; readonly terminal?: string };
  /** Whether the CLI, over pipes, starts an ended server again and yet answers each later call of its tools with an error. */
  readonly leavesBridgeUnused?: boolean;
  /** What limits the texts that go to the model with the answers to hooks (route `hook`); absent if the CLI takes any text at each hook. */
  readonly hookTexts?: HookTextLimits;
  /** Translates the hooks that the CLI sends to the host; absent if it sends none. */
  readonly hooks?: HookTranslation;
  /**
   * Whether the CLI calls a hook (`isIdle`) after each turn, including a turn that its user has broken off or that another hook has kept going.
   * Then that hook alone ends a turn on a terminal. If not, the session's record tells the ends of turns.
   */
  readonly tellsIdle?: boolean;
  /** Whether the hook for the start of a session shows that the hook before a tool is called, too, because the CLI calls both in the same way. */
  readonly startShowsHolding?: boolean;
  /** Whether a CLI on a terminal takes its instructions only with the answer to the hook for the start of a session. */
  readonly isInstructedAtStart?: boolean;
  /**
   * Whether a CLI on a terminal calls its first hook only with its first prompt. Then a text may be typed before any hook, once cliai's MCP
   * server runs.
   */
  readonly beginsByPrompt?: boolean;
  /** How long the host may hold a hook of a CLI on a terminal: a margin less than the CLI waits. Absent if the CLI waits as long as it is told to. */
  readonly longestHoldMs?: number;
  /** Reads from a line of the session's record what one request to its model has used. */
  readonly readRecordedRequest?: (line: unknown) => ModelRequest | undefined;
  /**
   * The path of a session's record, from the CLI's environment; undefined if the path cannot be known from that. Absent for a CLI whose hooks
   * tell the path (`Hook.transcriptPath`).
   */
  readonly recordPath?: (
    sessionId: string,
    env: Readonly<Record<string, string | undefined>>,
  ) => string | undefined;
  /** Returns what a parsed line of the session's record shows, in order; absent if the record is not read. */
  readonly readRecordLine?: (line: unknown) => readonly SessionSign[];
  /** Returns the entries of the conversation in a parsed line of the session's record; absent if its transcript is made of its hooks. */
  readonly readRecordEntries?: (line: unknown) => readonly RecordEntry[];
  /** If the line says that the user has interrupted a turn: the id of the turn's prompt. */
  readonly readInterruption?: (line: unknown) => { readonly promptId: string } | undefined;
  /** Returns the ids of the tool calls whose results the line contains. */
  readonly readToolResults?: (line: unknown) => readonly string[];
  /** Returns the path of a subagent's own record. */
  readonly subagentRecord?: (transcriptPath: string | undefined, subagent: string) => string | undefined;
  /** Describes for a person a tool that the CLI's own rules refused; absent for a CLI that does not tell that. */
  readonly describeDenial?: (tool: Pick<HookTool, "name" | "input">, call: DeniedCall) => ToolDenial;
  /** Reads the CLI's telemetry about its requests to the model; absent if it sends none. */
  readonly readTelemetry?: (payload: unknown) => readonly ModelRequest[];
  /** Returns the tool calls that were allowed or refused, by a person or by the CLI's rules, according to the CLI's telemetry. */
  readonly readDecisions?: (payload: unknown) => readonly ToolDecision[];
}

export interface HookTextLimits {
  /** The longest text, in UTF-16 code units. Of a longer one the CLI may cut off the end. */
  readonly longest: number;
  /** Whether the CLI takes texts only at the end of a tool, and not with a prompt or at the end of a turn. */
  readonly onlyAfterTools: boolean;
}

export interface HookTranslation {
  /** Reads a hook; undefined for a kind that cliai does not use. @throws CliaiError `message_invalid` */
  readonly read: (payload: unknown) => Hook | undefined;
  readonly buildAnswer: (hook: Hook, answer: HookAnswer) => unknown;
}
