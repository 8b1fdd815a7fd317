// The parameters that several addresses take in their query. An empty one counts as left out, because an HTML form sends every field.
import * as v from "valibot";
import { auditKinds } from "../../../domain/audit/audit-filter.ts";
import { mostHits } from "../../../domain/history/search-limits.ts";
import { groupings, periods } from "../../../domain/spending/spending-report.ts";
import { durationPattern } from "../../../domain/text/moment.ts";
import { AgentIdSchema } from "../../../domain/wire/agent-id.ts";
import { TokenSchema } from "../../../domain/wire/fields.ts";
import { consumersAsked } from "../../metrics/metrics.ts";
import { linesAsked } from "../reports/changes-report.ts";
import { requestStates } from "../reports/requests-report.ts";
import { mostLimit } from "../reports/timeline-report.ts";
import { standardSince } from "../reports/work-report.ts";
import { mostOlderAtOnce } from "../terminal/screen-routes.ts";
import type { Parameter } from "./operation.ts";

const orEmpty = (schema: v.GenericSchema) => v.union([schema, v.literal("")]);
const wholeNumber = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const moment = v.union([
  v.pipe(v.string(), v.isoTimestamp()),
  v.pipe(v.string(), v.regex(durationPattern)),
  v.picklist(["today", "yesterday"]),
]);
const optional = (schema: v.GenericSchema, description: string): Parameter => ({
  schema: orEmpty(schema),
  description,
});

export const agentParameter = optional(AgentIdSchema, "only of this agent");
const kind = v.union([v.picklist(auditKinds), v.pipe(v.string(), v.regex(/^event\.\S+$/))]);

const since = optional(moment, "from this time on: RFC 3339, or a duration before now, such as 2h");
const until = optional(moment, "up to this time");
const before = optional(
  wholeNumber(1, Number.MAX_SAFE_INTEGER),
  "only what was stored before this sequence: the next page",
);

export const consumersParameter = optional(
  v.literal(consumersAsked),
  "each: a series for each consumer of the streams, too",
);

export const zoneParameter: Parameter = {
  schema: v.string(),
  description: "the time zone of days, such as Europe/Berlin; UTC if it is left out or not known",
};

/** Of the recorded history, without its agent. */
export const historyParameters: Readonly<Record<string, Parameter>> = {
  kind: optional(kind, "only records of this kind"),
  since,
  until,
  text: { schema: v.string(), description: "only records with this text" },
  failed: { schema: v.string(), description: "anything: only what went wrong" },
  before,
  limit: optional(wholeNumber(1, mostLimit), "at most so many"),
};

export const reportParameters: Readonly<Record<string, Parameter>> = {
  since: optional(
    moment,
    `since this time: RFC 3339, or a duration before now; ${standardSince} if it is left out`,
  ),
  format: optional(v.literal("markdown"), "the report as Markdown, which the header Accept can ask for, too"),
  zone: zoneParameter,
};

export const messagesParameters: Readonly<Record<string, Parameter>> = {
  agent: agentParameter,
  thread: optional(TokenSchema, "only this conversation"),
  before,
};

export const requestsParameters: Readonly<Record<string, Parameter>> = {
  state: optional(v.picklist(requestStates), "which ones; those that are open if it is left out"),
  agent: agentParameter,
};

export const usageParameters: Readonly<Record<string, Parameter>> = {
  period: optional(v.picklist(periods), "of `groups`"),
  by: optional(v.picklist(groupings), "of `groups`"),
  zone: zoneParameter,
};

export const transcriptParameters: Readonly<Record<string, Parameter>> = {
  before: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER), "only entries before this sequence"),
  after: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER), "only entries after this sequence"),
  since,
  until,
  limit: optional(wholeNumber(0, mostLimit), "at most so many"),
};

export const changesParameters: Readonly<Record<string, Parameter>> = {
  base: { schema: v.string(), description: "the changes since the work left this branch or commit" },
  turn: {
    schema: v.string(),
    description: "only the changes of one turn: one of `turns`, or 1 for the last one, 2 for the one before",
  },
  file: { schema: v.string(), description: "only this file, relative to the repository, with all its lines" },
  lines: optional(v.picklist(linesAsked), "which lines; those of files that are not long if it is left out"),
};

export const searchParameters: Readonly<Record<string, Parameter>> = {
  text: { schema: v.pipe(v.string(), v.nonEmpty()), description: "the words", isRequired: true },
  agent: agentParameter,
  kind: { schema: v.string(), description: "only records of this kind" },
  project: { schema: v.string(), description: "only of agents that work there now" },
  since,
  limit: optional(wholeNumber(1, mostHits), "at most so many"),
};

export const olderParameter = optional(
  wholeNumber(0, mostOlderAtOnce),
  "also so many rows that have left the screen",
);
