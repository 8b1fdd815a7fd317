// What a session's host is started with.
import type { AgentFacts } from "../agent-link/heartbeat.ts";
import type { SessionCli } from "../domain/hook.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import type { ApprovalsOptions } from "./approvals.ts";
import type { RouteName } from "./routes/routes.ts";

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
