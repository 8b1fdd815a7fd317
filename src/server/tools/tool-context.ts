// What the handler of a tool gets: the caller, and the parts of the server that it may use.
import type { OrderNames } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { ToolArguments, ToolName } from "../../domain/wire/tools/tools.ts";
import type { Bus } from "../../nats/bus.ts";
import type { ReservationDesk } from "../files/reservation-desk.ts";
import type { SameFileWatch } from "../files/same-file-watch.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { Inbox } from "../inbox/inbox.ts";
import type { OrderEnds } from "../inbox/order-ends.ts";
import type { RequestService } from "../requests/request-store.ts";
import type { LaunchAgent } from "../server.ts";
import type { KnownCall } from "./call-id.ts";

export interface ToolContext {
  readonly id: AgentId;
  readonly requestId: string;
  /** The run that makes the call; undefined if the caller does not name it. */
  readonly instanceId: string | undefined;
  /** The whole call; the ids of what it creates are made from it. */
  readonly call: KnownCall;
  /** Whether the caller writes the receipts of the items that it gets. */
  readonly confirms: boolean;
  /** Notes an order that the result hands over. */
  readonly handOver: (item: OrderNames) => void;
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly inbox: Inbox;
  /** Resolves when this serve has read what is stored for the agent by now; or after 2 s. */
  readonly catchUp: (id: AgentId) => Promise<unknown>;
  /** The same, but rejects with CliaiError `no_answer` if it could not be read in time. */
  readonly readAll: (id: AgentId) => Promise<unknown>;
  readonly orderEnds: OrderEnds;
  readonly requests: RequestService;
  readonly reservations: Pick<ReservationDesk, "standing" | "reserve" | "release">;
  readonly changedLately: SameFileWatch["lately"];
  readonly roleOf: RoleOf;
  readonly launchAgent: LaunchAgent;
  readonly now: () => Date;
}

/** Answers with text for the model, or a value that is shown to it as JSON. */
export type ToolHandler<Name extends ToolName> = (
  args: ToolArguments<Name>,
  context: ToolContext,
) => Promise<unknown>;

export type ToolHandlers = { readonly [Name in ToolName]: ToolHandler<Name> };
