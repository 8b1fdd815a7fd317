// The lines of the report of what agents did, and the facts of which it is made.
import type { AgentView } from "../fleet/agent-view.ts";
import type { AnyRecord } from "../history/record-line.ts";
import type { AgentRequest } from "../requests.ts";
import type { SessionSpending } from "../spending/session-spending.ts";

/** Where a line can be checked. */
export interface Evidence {
  /** An address of the dashboard. */
  readonly href: string;
  /** The sequence of the record in the stream AUDIT: `cliai audit` has it. */
  readonly seq?: number;
  readonly command_id?: string;
  readonly request_id?: string;
}

export interface TaskLine extends Evidence {
  readonly agent_id: string;
  /** Absent for the task of a launch. */
  readonly command_id?: string;
  readonly at: string;
  readonly text: string;
  /** Who gave it; absent for the task of a launch. */
  readonly from?: string;
  /** Its last receipt: `stored` … `applied`, `failed`, `refused`, `expired`; of the task of a launch `launched`. */
  readonly state: string;
  /** How it ended, in the words of the last receipt. */
  readonly detail?: string;
  readonly ended_at?: string;
}

/** Something that went wrong. */
export interface TroubleLine extends Evidence {
  readonly agent_id: string;
  /** When it was last so. */
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  /** How often; absent for once. */
  readonly times?: number;
}

/** What has changed where an agent works, by git. */
export interface DiffStat {
  readonly files: number;
  readonly added: number;
  readonly removed: number;
  /** What it is compared with: a branch, or a commit. */
  readonly base: string;
  /** The other agents that work in the same files: what they have changed is in it, too. Absent if there are none. */
  readonly shared_with?: readonly string[];
}

export interface ReportFacts {
  readonly sinceMs: number;
  readonly now: Date;
  readonly views: readonly AgentView[];
  /** The open requests, and the ended ones that are still kept. */
  readonly requests: readonly AgentRequest[];
  readonly sessions: readonly SessionSpending[];
  /** Of the stream AUDIT, since then, oldest first: orders, receipts, and what went wrong. */
  readonly records: readonly AnyRecord[];
  /** By the id of the agent. */
  readonly diffs: ReadonlyMap<string, DiffStat>;
  /** What could not be read, in words. */
  readonly gaps: readonly string[];
}

export interface QuestionLine extends Evidence {
  readonly request_id: string;
  readonly at: string;
  readonly kind: AgentRequest["kind"];
  readonly text: string;
  readonly state: AgentRequest["state"];
  /** The answer in a line, and who gave it; absent while it is open. */
  readonly answer?: string;
  readonly by?: string;
}

export interface AgentReport extends Evidence {
  readonly agent_id: string;
  /** Its status now; absent for an agent that was removed. */
  readonly status?: string;
  readonly profile?: string;
  readonly project?: string;
  /** Oldest first, as all lists. */
  readonly tasks: readonly TaskLine[];
  readonly questions: readonly QuestionLine[];
  readonly troubles: readonly TroubleLine[];
  readonly tokens: number;
  /** US dollars; absent if nobody has told a cost. */
  readonly cost?: number;
  readonly diff?: DiffStat;
}

export interface WaitingLine extends Evidence {
  readonly agent_id: string;
  readonly since: string;
  readonly text: string;
}

export interface HeldLine extends Evidence {
  readonly agent_id: string;
  readonly at: string;
  /** `pause`, `stop`, `shutdown`, or `refused` for a call of a tool that did not run. */
  readonly kind: string;
  readonly why: string;
  /** Who has held it; absent if the record does not say. */
  readonly by?: string;
  /** When it was let go; absent if it was not. */
  readonly until?: string;
  /** How often the same happened; absent for once. */
  readonly times?: number;
}

export interface WorkReport {
  readonly at: string;
  readonly since: string;
  /** Those that did something, by id. */
  readonly agents: readonly AgentReport[];
  /** How many others the fleet has. */
  readonly quiet_agents: number;
  readonly waiting: readonly WaitingLine[];
  readonly held: readonly HeldLine[];
  readonly totals: {
    readonly tasks: number;
    readonly done: number;
    readonly failed: number;
    readonly tokens: number;
    readonly cost?: number;
    /** How many of the agents that have used something have told a cost. */
    readonly cost_told_by: number;
    readonly spenders: number;
  };
  readonly gaps: readonly string[];
}
