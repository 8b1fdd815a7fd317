// Stores notices in the stream NOTICES, each once, and remembers which agents are at work.
import * as v from "valibot";
import type { Notice } from "../domain/notices/notice.ts";
import { type AgentId, isAgentId } from "../domain/wire/agent-id.ts";
import { buckets, noticeSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { isOvertaken } from "../nats/errors.ts";
import { openExistingBucket } from "../nats/jetstream/bucket.ts";

const atWorkKey = "notices.at_work";

export interface NoticeStore {
  /** Resolves to false if a notice with this id was stored before. @throws CliaiError if it cannot be stored now */
  store(notice: Notice): Promise<boolean>;
  /** The agents that were at work when that was written last, by any serve. @throws CliaiError */
  readAtWork(): Promise<AgentId[]>;
  /** @throws CliaiError */
  writeAtWork(ids: Iterable<AgentId>): Promise<void>;
}

export async function openNoticeStore(bus: Bus): Promise<NoticeStore> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  return {
    async store(notice) {
      try {
        // Each notice has a subject of its own, so it is stored once for as long as the stream keeps it.
        await bus.publishStored(noticeSubject(notice.notice_id), notice, { lastSeq: 0 });
        return true;
      } catch (error) {
        if (isOvertaken(error)) return false;
        throw error;
      }
    },
    async readAtWork() {
      const read = v.safeParse(v.array(v.string()), await bucket.get(atWorkKey));
      return read.success ? read.output.filter(isAgentId) : [];
    },
    writeAtWork: (ids) => bucket.put(atWorkKey, [...ids]),
  };
}
