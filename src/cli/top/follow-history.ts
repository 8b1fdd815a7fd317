// Follows what the selected agent was told, did and said, for `cliai top`: the newest records of the stream AUDIT, and then each new one.
import { followAudit, readNewest } from "../../audit/read-audit.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Following } from "../../nats/jetstream/follow.ts";
import { readStreamFacts } from "../../nats/jetstream/read-stream.ts";
import { atMost, pause } from "../../waiting.ts";
import { createLogReader, type LogEntry } from "../log/log-entries.ts";
import type { History } from "./state.ts";

/** How many records are read at first. Not each of them has an entry. */
const recordsRead = 200;
const entriesKept = 100;
/** The selection must stand for this long before its history is read, because keys move over many agents. */
const settledAfterMs = 150;
const endedWithinMs = 500;

export interface HistoryFollower extends AsyncDisposable {
  /** Follows this agent from now on, and no other. */
  follow(agent: AgentId | undefined): void;
}

export function createHistoryFollower(
  bus: Bus,
  log: Logger,
  onHistory: (history: History) => void,
): HistoryFollower {
  let present: { readonly agent: AgentId; readonly over: AbortController } | undefined;
  let ended: Promise<void> = Promise.resolve();
  const run = async (agent: AgentId, { signal }: AbortController) => {
    await pause(settledAfterMs, signal);
    if (signal.aborted) return;
    const read = createLogReader();
    let entries: LogEntry[] = [];
    const add = (record: Parameters<typeof read>[0]) => {
      const entry = read(record);
      if (entry !== undefined) entries = [...entries, entry].slice(-entriesKept);
    };
    const give = () => {
      if (!signal.aborted) onHistory({ agent, entries });
    };
    let following: Following | undefined;
    try {
      // Looked at before the reading, so that no record is missed that is stored between the reading and the following.
      const { last_seq } = await readStreamFacts(bus, streams.audit);
      const newest = await readNewest(bus, { agent }, recordsRead);
      if (signal.aborted) return;
      for (const record of newest) add(record);
      give();
      const readTo = Math.max(last_seq, newest.at(-1)?.seq ?? 0);
      following = followAudit(bus, { agent }, readTo + 1, log, (record) => {
        add(record);
        give();
      });
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    } catch (error) {
      if (!signal.aborted) onHistory({ agent, entries: [], failure: messageOf(error) });
    } finally {
      await following?.stop();
    }
  };
  return {
    follow(agent) {
      if (agent === present?.agent) return;
      present?.over.abort();
      present = undefined;
      if (agent === undefined) return;
      const over = new AbortController();
      present = { agent, over };
      const before = ended;
      ended = run(agent, over).finally(() => before);
    },
    async [Symbol.asyncDispose]() {
      present?.over.abort();
      // Without a connection, what is being read may take long to fail.
      await atMost(endedWithinMs, ended);
    },
  };
}
