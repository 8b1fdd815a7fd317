// What a server tells of each change, for whoever makes traces of it. Without an observer nothing of this is done.
import type { AnsweredCall } from "../../audit/records.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import type { TraceContext } from "../../domain/trace/trace-context.ts";

/** None of these may throw, or take long. */
export interface FleetObserver {
  /** An event that was read for the first time, with the agent's record before and after it. Only the serve that leads calls it. */
  changed(event: FleetEvent, before: AgentRecord | undefined, after: AgentRecord): void;
  /** A tool call that this serve has answered. @param trace the caller's place in a trace, if it names one */
  answered(call: AnsweredCall, caller: AgentRecord | undefined, trace: TraceContext | undefined): void;
  /** A request that is new or has changed. Only the serve that leads calls it. */
  requested(request: AgentRequest, asker: AgentRecord | undefined): void;
}
