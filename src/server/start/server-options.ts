// What a server is started with. The bus comes beside it.
import type { AuditOptions } from "../../audit/start-signing.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { ConnectionEvent } from "../../nats/accounts/system-account.ts";
import type { RepeatedViolation } from "../../nats/child/violations.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { LaunchAgent } from "../server.ts";

export interface ServerOptions {
  /** A new one at each start; made here if left out. */
  readonly instance?: string;
  readonly version: string;
  /** Copies of each stream and bucket on a cluster. */
  readonly replicas: number;
  readonly insecure: boolean;
  /** What the audit records, how long, and with which key it is signed. */
  readonly audit?: AuditOptions | undefined;
  /** Follows the agents' connections, and returns a function that ends it. Without it, only silence shows a loss. */
  readonly followConnections?: ((onEvent: (event: ConnectionEvent) => void) => () => void) | undefined;
  /** Follows what nats-server refuses, and returns a function that ends it. */
  readonly followViolations?: ((onViolation: (refused: RefusedAct) => void) => () => void) | undefined;
  /** Who is a captain by credentials; without it, the agents' heartbeats decide. */
  readonly roleOf?: RoleOf | undefined;
  /** Launches agents for captains; none are launched when left out. */
  readonly launchAgent?: LaunchAgent | undefined;
  /** How long an ended session may be resumed before its tasks fail. Default 10 minutes. */
  readonly resumeWindowMs?: number | undefined;
  /** After how long an order that was given out and not acknowledged is given again. Default 35 seconds. */
  readonly giveAgainAfterMs?: number | undefined;
  /** How often the nats-server child was started again; 0 where there is none. */
  readonly natsRestarts: () => number;
  /** What the nats-server child itself says of a store that takes nothing. */
  readonly storeTrouble?: (() => string | undefined) | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/** What nats-server did not let an agent do, so many times; the agent is undefined for a connection of another kind. */
export interface RefusedAct extends Pick<RepeatedViolation, "act" | "subject" | "times"> {
  readonly id: AgentId | undefined;
}
