// What nats-server 2.9 cannot do (several filters on one consumer), and what is done instead.
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
  /** For the configuration of any consumer. */
  readonly consumer: { readonly filter_subject?: string; readonly filter_subjects?: string[] };
  /** Whether a message that the consumer gave out is one of those asked for. */
  fits(subject: string): boolean;
}

/**
 * Which subjects of a stream a reader's consumer gives out. On 2.9 the whole stream is read and the rest left out here.
 * @param subjects may have wildcards; all when left out
 */
export function subjectFilter(bus: Bus, subjects: readonly string[] | undefined): SubjectFilter {
  const [only, ...more] = subjects ?? [];
  if (only === undefined) return { consumer: {}, fits: () => true };
  // A single subject is sent as text, because nats-server 2.9 does not accept a list, not even of one.
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

/** The durable consumers of stream COMMANDS that an agent's bridge works from: one, on 2.9 one for each topic. */
export function bridgeConsumers(bus: Pick<Bus, "serverVersion">, id: AgentId): readonly ConsumerShape[] {
  const shapes = agentOrderTopics.map((topic) => ({
    name: bridgeConsumerOf(id, topic),
    subjects: [agentSubject(id, topic)],
  }));
  return isAtLeast(bus.serverVersion, manyFiltersSince)
    ? [{ name: bridgeConsumer(id), subjects: shapes.flatMap(({ subjects }) => subjects) }]
    : shapes;
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  const rest = pattern.at(-1) === ">";
  if (rest ? tokens.length < pattern.length : tokens.length !== pattern.length) return false;
  return pattern.every((token, i) => token === ">" || token === "*" || token === tokens[i]);
}
