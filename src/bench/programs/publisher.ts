// On the line "go", publishes `count` heartbeats, statuses and events, or events with words to search for, of many agents as fast as nats-server takes them.
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentEvent, heartbeat, statusReport } from "../agent-messages.ts";
import { type BenchProgram, say, untilInputEnds } from "./program.ts";
import { connectRaw, type RawConnection } from "./raw-nats.ts";
import { wordsOfRecord } from "./record-words.ts";

export interface PublisherOptions extends RawConnection {
  readonly kind: "heartbeat" | "report" | "words";
  /** The first token of the subjects: `agent`, or another one on which serve does not listen. */
  readonly root: string;
  readonly agents: number;
  readonly count: number;
  /** Marks the messages, to tell them from those of an earlier round. */
  readonly round: number;
}

/** After this many messages, wait until nats-server has taken them. */
const flushEvery = 500;
const utf8 = new TextEncoder();

export const publisher: BenchProgram = async ({ options, stdin, stdout }) => {
  const { kind, root, agents, count, round, ...connection } = options as PublisherOptions;
  const nats = await connectRaw(connection);
  const ids = Array.from({ length: agents }, (_, n) => parseAgentId(ingestAgent(n)));
  say(stdout, { ready: true });
  await new Promise<void>((resolve) => stdin.once("data", () => resolve()));
  const jetstream = nats.jetstream();
  let stored: Promise<unknown>[] = [];
  const publish = (topic: string, id: string, body: object) => {
    const subject = `${root}.${id}.${topic}`;
    const data = utf8.encode(JSON.stringify(body));
    // With an acknowledgement, because a stream may silently drop messages that come faster than it can write.
    if (kind !== "heartbeat") stored.push(jetstream.publish(subject, data, { timeout: 30_000 }));
    else nats.publish(subject, data);
  };
  let textBytes = 0;
  for (let n = 0; n < count; n += 1) {
    const id = ids[n % agents] ?? parseAgentId(ingestAgent(n % agents));
    const seq = Math.floor(n / agents) + 1;
    const isLastOfAgent = n >= count - agents;
    if (kind === "heartbeat") {
      publish("heartbeat", id, heartbeat(id, { instance: instanceOf(round), seq, intervalS: 15 }));
    } else if (kind === "words") {
      const text = wordsOfRecord(n).join(" ");
      textBytes += text.length;
      publish("event", id, { ...agentEvent(id, n), detail: text });
    } else if (n % 3 === 0 || isLastOfAgent) {
      // Two events for each status, as from a working agent. The last message of each agent is a status.
      publish("status", id, statusReport(id, taskOf(round, seq)));
    } else {
      publish("event", id, agentEvent(id, n));
    }
    if (n % flushEvery !== 0) continue;
    await nats.flush();
    await Promise.all(stored);
    stored = [];
  }
  await nats.flush();
  await Promise.all(stored);
  say(stdout, { published: count, text_bytes: textBytes });
  await untilInputEnds(stdin);
  await nats.close();
};

export function ingestAgent(n: number): string {
  return `ingest-${n}`;
}

export function instanceOf(round: number): string {
  return `round-${round}`;
}

export function taskOf(round: number, seq: number): string {
  return `task ${seq} of round ${round}`;
}
