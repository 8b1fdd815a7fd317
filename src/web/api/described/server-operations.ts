// The operations on the server, and on what is recorded of the whole fleet.
import * as v from "valibot";
import { NodeViewSchema } from "../../../domain/nodes/node-view.ts";
import { HeartbeatSchema } from "../../../domain/wire/messages.ts";
import type { SearchAnswer } from "../../../search/search.ts";
import { CommandLineSchema } from "../command-line-schema.ts";
import { linesType } from "../reports/audit-lines.ts";
import { ModelServerSchema } from "./agent-answers.ts";
import { json, type Operation, ofStore, type Parameter, schemaOf } from "./operation.ts";
import {
  agentParameter,
  consumersParameter,
  historyParameters,
  reportParameters,
  searchParameters,
  usageParameters,
  zoneParameter,
} from "./parameters.ts";
import {
  ChecksSchema,
  CostsSchema,
  HealthSchema,
  HistoryPageSchema,
  ListedCliSchema,
  SystemSchema,
  TimelineSchema,
  VerdictSchema,
} from "./report-answers.ts";
import { WorkReportSchema } from "./work-answers.ts";

const text = v.string();
const ofAnyAgent = { agent: agentParameter, ...historyParameters };
const retryAfter: Parameter = { schema: v.number(), description: "seconds", isRequired: true };
const deprecation: Parameter = { schema: text, description: "since when (RFC 9745)", isRequired: true };

const found = schemaOf<SearchAnswer>()(
  v.object({
    hits: v.array(
      v.object({
        stream: text,
        seq: v.number(),
        at: text,
        agent_id: v.optional(text),
        kind: text,
        of_removed: v.optional(v.literal(true)),
        snippet: v.array(v.object({ text, hit: v.optional(v.literal(true)) })),
      }),
    ),
    more: v.number(),
    more_at_least: v.boolean(),
    searched_since: v.nullable(text),
    older_are: v.nullable(v.picklist(["removed", "not_indexed"])),
    waiting: v.number(),
  }),
);

export const serverOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/api/timeline",
    id: "timeline",
    summary: "the recorded history, newest first, a line for each call of a tool",
    query: ofAnyAgent,
    answers: { 200: json("a page of lines", TimelineSchema) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/report",
    id: "workReport",
    summary: "what the agents did since a moment, what waits, and what was held and why",
    query: reportParameters,
    answers: {
      200: {
        description: "the report",
        content: { "application/json": WorkReportSchema, "text/markdown": text },
      },
    },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/audit",
    id: "audit",
    summary: "the records of the history, newest first; as JSON Lines all of them, if no limit is given",
    query: ofAnyAgent,
    answers: {
      200: {
        description: "a page of records, or a record a line",
        content: { "application/json": HistoryPageSchema, [linesType]: text },
      },
    },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/audit/verify",
    id: "verifyAudit",
    summary: "whether the history is as it was signed",
    answers: {
      200: json("the verdict", VerdictSchema),
      202: {
        ...json("it goes on: ask again for the verdict", v.object({ running: v.literal(true) })),
        headers: { "Retry-After": retryAfter },
      },
    },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/search",
    id: "search",
    summary: "what was said and done, by words, newest first",
    query: searchParameters,
    answers: { 200: json("the places", found) },
    refusals: [500, ...ofStore],
  },
  {
    method: "get",
    path: "/api/usage",
    id: "usage",
    summary: "what the fleet has used",
    query: usageParameters,
    answers: { 200: json("the sums", CostsSchema) },
  },
  {
    method: "get",
    path: "/api/usage.csv",
    id: "usageTable",
    summary: "what was used, a row for each day, agent and model",
    query: { zone: zoneParameter },
    answers: { 200: { description: "the rows", content: { "text/csv": text } } },
  },
  {
    method: "get",
    path: "/api/models",
    id: "listModelServers",
    summary: "the model servers on which agents work, and their queues",
    answers: { 200: json("the model servers", v.array(ModelServerSchema)) },
  },
  {
    method: "get",
    path: "/api/nodes",
    id: "listNodes",
    summary: "the machines that have joined, and whether each is here",
    answers: { 200: json("the nodes", v.array(NodeViewSchema)) },
  },
  {
    method: "get",
    path: "/api/clis",
    id: "listClis",
    summary: "the agent CLIs that the server can launch, with what was measured of each",
    answers: { 200: json("the agent CLIs", v.array(ListedCliSchema)) },
  },
  {
    method: "get",
    path: "/api/system",
    id: "system",
    summary: "the state of the server",
    answers: { 200: json("the state", SystemSchema) },
  },
  {
    method: "post",
    path: "/api/system/checks",
    id: "runChecks",
    summary: "runs the checks of `cliai doctor` inside the server",
    answers: { 200: json("the results", ChecksSchema) },
    refusals: [500],
  },
  {
    method: "get",
    path: "/api/events",
    id: "events",
    summary: "the changes of the fleet, as an event stream that begins with the whole state",
    query: { agent: agentParameter },
    headers: { "Last-Event-ID": { schema: text, description: "the last event that was read" } },
    answers: {
      200: {
        description: "the events fleet, agents, alerts, alert, health, reset",
        content: { "text/event-stream": text },
      },
    },
    refusals: [404],
  },
  {
    method: "post",
    path: "/api/command-line",
    id: "runCommandLine",
    summary:
      "runs a command of the terminal inside the server, for cliai of the same build on the same machine",
    body: CommandLineSchema,
    answers: {
      200: {
        description:
          "what it prints, a line each (`out`, `err`), and at last its `exit` code or its `error`; empty lines while it runs",
        content: { [linesType]: text },
      },
    },
    refusals: [503],
  },
  {
    method: "post",
    path: "/api/heartbeat",
    id: "heartbeat",
    summary: "the old way to report a heartbeat; publish to NATS instead",
    body: HeartbeatSchema,
    answers: {
      200: {
        ...json("the heartbeat is published", v.object({ ok: v.literal(true) })),
        headers: { Deprecation: deprecation },
      },
    },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/healthz",
    id: "health",
    summary: "whether the process answers",
    isOpen: true,
    answers: {
      200: json("it does", v.object({ ok: v.literal(true), instance: text, version: text })),
    },
  },
  {
    method: "get",
    path: "/readyz",
    id: "readiness",
    summary: "whether the server can work",
    isOpen: true,
    answers: {
      200: json("it can", HealthSchema),
      503: json("it cannot, and why", HealthSchema),
    },
  },
  {
    method: "get",
    path: "/metrics",
    id: "metrics",
    summary: "figures for Prometheus",
    query: { consumers: consumersParameter },
    answers: {
      200: {
        description: "in the older text format, or in OpenMetrics if the header Accept asks for it",
        content: { "text/plain": text, "application/openmetrics-text": text },
      },
    },
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "describe",
    summary: "this description",
    answers: { 200: json("OpenAPI 3.1", v.object({ openapi: text })) },
  },
];
