// The options of `startHost`.
import type { AgentFacts } from "../agent-link/heartbeat.ts";
import type { SessionCli } from "../agents/session-cli.ts";
import type { ReservationMode } from "../domain/files/reservation.ts";
import type { RouteName } from "../domain/route-names.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import type { ApprovalsOptions } from "./approvals.ts";
import type { LocalModel } from "./event-sender.ts";
import type { Unanswered } from "./patient-asking.ts";
import type { PositionFile } from "./transcript/session-transcript.ts";

export interface SessionOptions extends Pick<ApprovalsOptions, "stopApproval" | "permissions"> {
  readonly agentId: AgentId;
  readonly url: string;
  readonly credsPath?: string | undefined;
  /** This run of the agent. The bridge has the same id. */
  readonly instanceId: string;
  readonly heartbeatIntervalS: number;
  readonly facts: AgentFacts;
  /** On a terminal: words for what the CLI may ask there before it begins. */
  readonly mayAskAtTerminal?: string | undefined;
  /** How long a CLI on a terminal may take to begin. Default 5000. */
  readonly beginsWithinMs?: number | undefined;
  /** Whether the CLI is launched with a task. Heartbeats say so until the task has begun. Default false. */
  readonly hasLaunchTask?: boolean | undefined;
  /** How long the CLI may take to start the bridge once its session is open. Default 15000. */
  readonly bridgeStartsWithinMs?: number | undefined;
  readonly cli: SessionCli;
  /** Set if the CLI works on a model server of the user's own. */
  readonly localModel?: LocalModel | undefined;
  /** Whether the session has an input stream (headless). If so, no route hands anything over before it is open. Default false. */
  readonly hasStream?: boolean | undefined;
  /** The routes that may be used. Default: all. */
  readonly routes?: readonly RouteName[] | undefined;
  /** Why the host cannot hold this CLI's tool calls, if that is known: the CLI will not call the hook for it. */
  readonly unheld?: string | undefined;
  /** What happens to a permission or question that nobody answers. Default: it is refused when `holdMs` is over. */
  readonly unanswered?: Unanswered | undefined;
  /** What happens before a tool changes a file that another agent has reserved. Default: `warn`. */
  readonly reservations?: ReservationMode | undefined;
  /** How long a paused tool call is held, and how long a hook waits for an answer. Must be less than the CLI waits for its hook. */
  readonly holdMs: number;
  /** Where the host keeps how far the session's record was published; absent if its transcript is not published. */
  readonly transcript?: { readonly position: PositionFile } | undefined;
  /** How long to wait for a server that is away, before the profile's policy for unanswered requests applies. Default 10000. */
  readonly reachWithinMs?: number | undefined;
  readonly now: () => Date;
  readonly createId: () => string;
  readonly log: Logger;
}
