// Works around what nats-server 2.9 lacks: several filters on one consumer.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import {
  agentOrderTopics,
  agentSubject,
  bridgeConsumer,
  bridgeConsumerOf,
} from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { isAtLeast } from "../child/server-version.ts";

const manyFiltersSince = "2.10.0";

export interface SubjectFilter {
  /** The part of a consumer's configuration that selects subjects. */
  readonly consumer: { readonly filter_subject?: string; readonly filter_subjects?: string[] };
  /** Whether a message that the consumer delivered is wanted. */
  fits(subject: string): boolean;
}

/**
 * Selects subjects of a stream for a reader. With nats-server 2.9 and several subjects, the consumer delivers the whole stream, and
 * `fits` selects.
 * @param subjects may have wildcards; undefined for all
 */
export function subjectFilter(bus: Bus, subjects: readonly string[] | undefined): SubjectFilter {
  const [only, ...more] = subjects ?? [];
  if (only === undefined) return { consumer: {}, fits: () => true };
  // A single subject is sent as text, because nats-server 2.9 accepts no list, not even a list of one.
  if (more.length === 0) {
    return { consumer: { filter_subject: only }, fits: () => true };
  }
  if (isAtLeast(bus.serverVersion, manyFiltersSince)) {
    return { consumer: { filter_subjects: [only, ...more] }, fits: () => true };
  }
  const patterns = [only, ...more].map((pattern) => pattern.split("."));
  return {
    consumer: {},
    fits: (subject) => {
      const tokens = subject.split(".");
      return patterns.some((pattern) => matches(pattern, tokens));
    },
  };
}

export interface ConsumerShape {
  readonly name: string;
  readonly subjects: readonly string[];
}

/** The durable consumers of an agent on the stream COMMANDS: one; with nats-server 2.9, one for each topic. */
export function bridgeConsumers(bus: Pick<Bus, "serverVersion">, id: AgentId): readonly ConsumerShape[] {
  const shapes = agentOrderTopics.map((topic) => ({
    name: bridgeConsumerOf(id, topic),
    subjects: [agentSubject(id, topic)],
  }));
  return isAtLeast(bus.serverVersion, manyFiltersSince)
    ? [{ name: bridgeConsumer(id), subjects: shapes.flatMap(({ subjects }) => subjects) }]
    : shapes;
}

/** Whether every durable consumer of the agent is among these. */
export function hasBridgeConsumers(
  bus: Pick<Bus, "serverVersion">,
  id: AgentId,
  names: ReadonlySet<string>,
): boolean {
  return bridgeConsumers(bus, id).every(({ name }) => names.has(name));
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  const rest = pattern.at(-1) === ">";
  if (rest ? tokens.length < pattern.length : tokens.length !== pattern.length) return false;
  return pattern.every((token, i) => token === ">" || token === "*" || token === tokens[i]);
}
