// Reads what an agent of others says of itself: in answer to `$SRV.INFO`, in its heartbeats, and on its endpoint `status`.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { CliaiError } from "../text/errors.ts";
import { decodeMessage } from "../wire/decode.ts";
import { shortText } from "../wire/fields.ts";
import { reportedWords } from "../wire/messages.ts";
import type { AgentName } from "./guest-id.ts";
import { agentsService, bytesOfSize } from "./protocol-names.ts";

export interface AgentService extends AgentName {
  /** The id of its micro service: another one is another run. */
  readonly instanceId: string;
  readonly promptSubject: string;
  readonly statusSubject?: string;
  /** How large a prompt may be. */
  readonly maxPayloadBytes?: number;
}

const instanceId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, "the id of the service cannot be used"),
);
const mostEndpoints = 64;

const InfoSchema = v.looseObject({
  name: v.literal(agentsService),
  id: instanceId,
  metadata: v.looseObject({
    agent: v.pipe(shortText("agent"), v.minLength(1, "agent is empty")),
    owner: v.pipe(shortText("owner"), v.minLength(1, "owner is empty")),
    session: v.optional(shortText("session")),
    protocol_version: v.pipe(v.string(), v.regex(/^0\.3(\.|$)/, "it speaks another version than 0.3")),
  }),
  endpoints: v.pipe(
    v.array(
      v.looseObject({
        name: v.string(),
        subject: shortText("subject"),
        metadata: v.nullish(v.looseObject({ max_payload: v.optional(v.unknown()) })),
      }),
    ),
    v.maxLength(mostEndpoints),
  ),
});

/** @throws CliaiError `message_invalid` for what is no agent of version 0.3 with an endpoint `prompt` */
export function readService(data: Uint8Array): AgentService {
  const { id, metadata, endpoints } = decodeMessage(InfoSchema, data);
  const prompt = endpoints.find(({ name }) => name === "prompt");
  const status = endpoints.find(({ name }) => name === "status");
  if (prompt === undefined || !isSubjectOf("prompt", prompt.subject)) {
    throw new CliaiError("message_invalid", "its endpoint prompt is not on a subject agents.prompt.…");
  }
  const size = prompt.metadata?.max_payload;
  return {
    ...{ instanceId: id, agent: metadata.agent, owner: metadata.owner, promptSubject: prompt.subject },
    session: metadata.session ?? prompt.subject.split(".")[4] ?? "",
    ...definedOf({
      statusSubject:
        status !== undefined && isSubjectOf("status", status.subject) ? status.subject : undefined,
      maxPayloadBytes: typeof size === "string" ? bytesOfSize(size) : undefined,
    }),
  };
}

/** Whether it is a whole subject, without wildcards, that only such an endpoint has. */
function isSubjectOf(verb: "prompt" | "status", subject: string): boolean {
  return /^agents\.(prompt|status)(\.[^\s.*>]+)+$/.test(subject) && subject.startsWith(`agents.${verb}.`);
}

/** Not `paused`: that word says that a person has paused the agent here. */
const guestStatuses = reportedWords.filter((word) => word !== "paused");

const BeatSchema = v.looseObject({
  instance_id: instanceId,
  status: v.optional(v.unknown()),
  busy: v.optional(v.unknown()),
});

export interface AgentBeat {
  readonly instanceId: string;
  /** What it does, as it says; undefined if it does not say. */
  readonly word?: string;
}

/** @throws CliaiError `message_invalid` for what is no heartbeat */
export function readBeat(data: Uint8Array): AgentBeat {
  const { instance_id, status, busy } = decodeMessage(BeatSchema, data);
  const word = guestStatuses.find((each) => each === status);
  const byBusy = typeof busy === "boolean" ? (busy ? "working" : "idle") : undefined;
  return { instanceId: instance_id, ...definedOf({ word: word ?? byBusy }) };
}
