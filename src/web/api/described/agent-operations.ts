// The operations on agents.
import * as v from "valibot";
import { TagBodySchema } from "../acts/agent-acts.ts";
import { CommitBodySchema, PushBodySchema, RequestBodySchema } from "../acts/changes-api.ts";
import { OrderBodySchema } from "../orders.ts";
import { type LaunchableProfile, SpawnBodySchema, type Spawned } from "../spawner.ts";
import { KeysBodySchema } from "../terminal/screen-routes.ts";
import { KeyboardBodySchema } from "../terminal/typing-routes.ts";
import { AgentSchema, AgentWithTimelineSchema } from "./agent-answers.ts";
import { json, type Operation, ofStore, schemaOf } from "./operation.ts";
import {
  changesParameters,
  historyParameters,
  olderParameter,
  transcriptParameters,
  usageParameters,
} from "./parameters.ts";
import { CostsSchema, TimelineSchema, TranscriptSchema } from "./report-answers.ts";
import { ChangesSchema, GitDoneSchema, GitStateSchema } from "./work-answers.ts";

const text = v.string();
const spawned = schemaOf<Spawned>()(
  v.object({
    agent_id: text,
    command_id: v.optional(text),
    starting: v.optional(v.literal(true)),
  }),
);
const location = {
  Location: { schema: text, description: "the address of the agent", isRequired: true },
} as const;
const lines = v.array(v.array(v.object({ text }), "the runs of a row, each in one style"));
const storedAnswer = json(
  "the command is stored",
  v.object({ command_id: text, state: v.literal("stored"), duplicate: v.boolean() }),
);

const gitDone = json("what was done, in words", GitDoneSchema);

export const agentOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/api/agents",
    id: "listAgents",
    summary: "the agents, by id",
    query: { filter: { schema: text, description: "only those that match this filter" } },
    answers: { 200: json("the agents", v.array(AgentSchema)) },
  },
  {
    method: "post",
    path: "/api/agents",
    id: "launchAgent",
    summary: "launches an agent without a terminal",
    body: SpawnBodySchema,
    answers: {
      201: { ...json("the agent is connected", spawned), headers: location },
      202: { ...json("the launch goes on", spawned), headers: location },
    },
    refusals: [409, 500, ...ofStore],
  },
  {
    method: "get",
    path: "/api/agents/{id}",
    id: "showAgent",
    summary: "one agent, with its newest events",
    answers: { 200: json("the agent", AgentWithTimelineSchema) },
  },
  {
    method: "get",
    path: "/api/agents/{id}/timeline",
    id: "agentTimeline",
    summary: "the recorded history of an agent, newest first, a line for each call of a tool",
    query: historyParameters,
    answers: { 200: json("a page of lines", TimelineSchema) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/agents/{id}/transcript",
    id: "agentTranscript",
    summary: "the conversation of an agent, oldest first",
    query: transcriptParameters,
    answers: { 200: json("a page of entries", TranscriptSchema) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/agents/{id}/diff",
    id: "agentDiff",
    summary: "what an agent has changed in its repository",
    query: changesParameters,
    answers: { 200: json("the changed files, with their lines", ChangesSchema) },
    refusals: [400, 500, 504],
  },
  {
    method: "get",
    path: "/api/agents/{id}/changes",
    id: "agentGitState",
    summary: "what could be committed, pushed and asked to be merged of an agent's changes",
    answers: { 200: json("the state of its repository, and what names each act", GitStateSchema) },
    refusals: [500, 504],
  },
  {
    method: "post",
    path: "/api/agents/{id}/changes/commit",
    id: "commitChanges",
    summary: "commits what an agent has changed, as it was looked at",
    body: CommitBodySchema,
    answers: { 200: gitDone },
    refusals: [500, ...ofStore],
  },
  {
    method: "post",
    path: "/api/agents/{id}/changes/push",
    id: "pushChanges",
    summary: "pushes the branch of an agent, as it was looked at",
    body: PushBodySchema,
    answers: { 200: gitDone },
    refusals: [500, ...ofStore],
  },
  {
    method: "post",
    path: "/api/agents/{id}/changes/pull-request",
    id: "openPullRequest",
    summary: "opens a pull request for the branch of an agent, as it was looked at",
    body: RequestBodySchema,
    answers: { 200: gitDone },
    refusals: [500, ...ofStore],
  },
  {
    method: "get",
    path: "/api/agents/{id}/usage",
    id: "agentUsage",
    summary: "what an agent has used",
    query: usageParameters,
    answers: { 200: json("the sums", CostsSchema) },
  },
  {
    method: "post",
    path: "/api/agents/{id}/commands",
    id: "commandAgent",
    summary: "gives an agent a stop, pause, resume or task",
    body: OrderBodySchema,
    answers: { 202: storedAnswer },
    refusals: [409, ...ofStore],
  },
  {
    method: "post",
    path: "/api/agents/{id}/resume",
    id: "resumeAgent",
    summary: "lets a paused agent go on, or starts one that has ended again in its session",
    answers: {
      202: json(
        "what was done, in words",
        v.object({ agent_id: text, said: text, command_id: v.optional(text) }),
      ),
    },
    refusals: [400, 409, 500, ...ofStore],
  },
  {
    method: "post",
    path: "/api/agents/{id}/tags",
    id: "tagAgent",
    summary: "adds tags to an agent, and takes tags away",
    body: TagBodySchema,
    answers: { 200: json("all its tags", v.object({ agent_id: text, tags: v.array(text) })) },
    refusals: ofStore,
  },
  {
    method: "post",
    path: "/api/agents/{id}/remove",
    id: "removeAgent",
    summary:
      "removes an agent that does not run, with its queue, requests, credentials and files; its history stays",
    answers: { 200: json("it is removed", v.object({ agent_id: text, removed: v.literal(true) })) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/agents/{id}/screen",
    id: "agentScreen",
    summary: "what the terminal of an agent shows now",
    query: { older: olderParameter },
    answers: {
      200: json(
        "the screen",
        v.object({
          agent_id: text,
          columns: v.number(),
          rows: v.number(),
          typist: v.optional(text),
          text,
          lines,
          older: v.optional(v.object({ from: v.number(), text, lines })),
        }),
      ),
    },
    refusals: [409, ...ofStore],
  },
  {
    method: "post",
    path: "/api/agents/{id}/keys",
    id: "typeKeys",
    summary: "types at the terminal of an agent",
    body: KeysBodySchema,
    answers: { 200: json("it is typed", v.object({ agent_id: text, typed: v.literal(true) })) },
    refusals: [409, ...ofStore],
  },
  {
    method: "get",
    path: "/api/agents/{id}/typing",
    id: "sitAtTerminal",
    summary: "takes a seat at the terminal of an agent: an event stream of what it shows",
    answers: {
      200: { description: "the events hello, link, screen, end", content: { "text/event-stream": text } },
    },
  },
  {
    method: "post",
    path: "/api/agents/{id}/keyboard",
    id: "useKeyboard",
    summary: "takes, uses or leaves the keyboard of a seat at the terminal of an agent",
    body: KeyboardBodySchema,
    answers: {
      200: json(
        "whether it was taken",
        v.object({
          agent_id: text,
          taken: v.boolean(),
          why: v.optional(text),
          typist: v.optional(text),
        }),
      ),
    },
    refusals: [409, ...ofStore],
  },
  {
    method: "get",
    path: "/api/profiles",
    id: "listProfiles",
    summary: "the profiles that can be launched",
    query: { project: { schema: text, description: "also those of this directory" } },
    answers: {
      200: json(
        "the profiles",
        v.array(
          schemaOf<LaunchableProfile>()(
            v.object({ name: text, description: v.optional(text), problem: v.optional(text) }),
          ),
        ),
      ),
    },
  },
];
