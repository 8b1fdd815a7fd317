// The options of `startServer`.
import type { AuditOptions } from "../../audit/start-signing.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { NatsServerFacts } from "../../nats/accounts/server-facts.ts";
import type { ConnectionEvent } from "../../nats/accounts/system-account.ts";
import type { Bus } from "../../nats/bus.ts";
import type { RepeatedViolation } from "../../nats/child/violations.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { BudgetOptions } from "../budgets/budget-desk.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { Lease } from "../lease.ts";
import type { ReadDiffs } from "../reports/work-facts.ts";
import type { FleetService, LaunchAgent } from "../server.ts";
import type { RequestReading } from "../server-desks.ts";
import type { FleetObserver } from "./fleet-observer.ts";

export interface ServerOptions {
  /** A new one at each start; made here if left out. */
  readonly instance?: string;
  readonly version: string;
  /** Copies of each stream and bucket on a cluster. */
  readonly replicas: number;
  readonly insecure: boolean;
  /** What the audit records, how long it keeps it, and the key that signs it. */
  readonly audit?: AuditOptions | undefined;
  /** How long the agents' conversations are kept, and how much of them. */
  readonly transcripts?: { readonly maxAgeMs: number; readonly maxBytes: number } | undefined;
  /** Follows the agents' connections, and returns a function that ends it. Without it, only silence shows a loss. */
  readonly followConnections?: ((onEvent: (event: ConnectionEvent) => void) => () => void) | undefined;
  /** Follows what nats-server refuses, and returns a function that ends it. */
  readonly followViolations?: ((onViolation: (refused: RefusedAct) => void) => () => void) | undefined;
  /** Reads an agent's role from its credentials. Default: from its heartbeats. */
  readonly roleOf?: RoleOf | undefined;
  /** Reads what agents have changed, for the report of their work. Default: the report says nothing of it. */
  readonly readDiffs?: ReadDiffs | undefined;
  /** Launches agents for captains. Default: refuses. */
  readonly launchAgent?: LaunchAgent | undefined;
  /** How long an ended session may be resumed before its tasks fail. Default 10 minutes. */
  readonly resumeWindowMs?: number | undefined;
  /** How far apart two changes of one file by two agents may be, so that both are warned; 0: nobody is. Default 10 minutes. */
  readonly sameFileWithinMs?: number | undefined;
  /** What agents do at a usage limit whose profile does not say it, as `parseOnLimit` reads it. Default `resume`. */
  readonly onLimit?: string | undefined;
  /** After how long an order that was delivered and not acknowledged is delivered again. Default 35 seconds. */
  readonly giveAgainAfterMs?: number | undefined;
  /** Asks nats-server about itself; undefined without its system account. */
  readonly natsFacts?: (() => Promise<NatsServerFacts>) | undefined;
  /** How often the nats-server child was restarted; 0 if there is none. */
  readonly natsRestarts: () => number;
  /** Why the nats-server child says that its store accepts nothing; undefined if it does not say so. */
  readonly storeTrouble?: (() => string | undefined) | undefined;
  /** Opens what tells people and programs of the fleet's changes. Resolves to the function that ends it. */
  readonly openNotices?: ((inside: ServerInside) => Promise<() => Promise<void>>) | undefined;
  /** Is told of each change, to make traces of it. Default: nobody. */
  readonly observer?: FleetObserver | undefined;
  /** The time zone of budgets, and the prices of models. Default: UTC, and no price. */
  readonly budgets?: Pick<BudgetOptions, "zone" | "prices"> | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/** The parts of a server that `openNotices` works with. */
export interface ServerInside {
  readonly bus: Bus;
  readonly fleet: FleetService;
  readonly alerts: Alerts;
  readonly requests: RequestReading;
  readonly lease: Pick<Lease, "isLeader" | "onChange">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** An act that nats-server refused, and how many times. `id`: the agent; undefined if the connection is not an agent's. */
export interface RefusedAct extends Pick<RepeatedViolation, "act" | "subject" | "times"> {
  readonly id: AgentId | undefined;
}
