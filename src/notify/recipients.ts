// Keeps a following for each recipient of a file of settings: begins those that are new, ends those that are gone, and begins anew those that have
// changed. Only while this serve leads, so that each notice is taken by one serve.
import { messageOf } from "../domain/text/errors.ts";
import { streams } from "../domain/wire/subjects.ts";
import { consumerNames } from "../nats/jetstream/consumers.ts";
import { removeNoticeConsumer } from "../nats/jetstream/notice-consumers.ts";
import type { ServerInside } from "../server/start/server-options.ts";
import { followNotices, type NoticeFollowing, type Recipient } from "./follow-notices.ts";

export interface NamedRecipient extends Recipient {
  /** Changes with each of its settings. */
  readonly fingerprint: string;
}

export interface Recipients {
  /**
   * Replaces the recipients. Those that are gone lose their place in the stream. Resolves when the consumers are there.
   * @param kept the consumers that keep their place though nobody reads from them now
   */
  set(recipients: readonly NamedRecipient[], kept?: readonly string[]): Promise<void>;
  /** How many notices wait for the recipient with this consumer. */
  waiting(consumer: string): number;
  stop(): Promise<void>;
}

/** @param prefix of the names of all consumers of such recipients, and of no others */
export function createRecipients(
  { bus, lease, log }: Pick<ServerInside, "bus" | "lease" | "log">,
  prefix: string,
): Recipients {
  let wanted: ReadonlyMap<string, NamedRecipient> | undefined;
  let kept: readonly string[] = [];
  const running = new Map<string, { readonly fingerprint: string; readonly following: NoticeFollowing }>();
  let isStopped = false;
  /** The changes, one after the other. */
  let changing = Promise.resolve();

  const change = async () => {
    const isActive = lease.isLeader() && !isStopped;
    const present = (isActive ? wanted : undefined) ?? new Map<string, NamedRecipient>();
    for (const [consumer, { fingerprint, following }] of [...running]) {
      if (present.get(consumer)?.fingerprint === fingerprint) continue;
      await following.stop();
      running.delete(consumer);
    }
    if (!isActive || wanted === undefined) return;
    for (const [consumer, recipient] of present) {
      if (running.has(consumer)) continue;
      const { fingerprint } = recipient;
      running.set(consumer, { fingerprint, following: followNotices(bus, recipient, log) });
    }
    await Promise.all([...running.values()].map(({ following }) => following.ready));
    for (const name of await consumerNames(bus, streams.notices)) {
      if (!name.startsWith(prefix) || present.has(name) || kept.includes(name)) continue;
      await removeNoticeConsumer(bus, name);
    }
  };
  const changeNext = () => {
    changing = changing.then(change).catch((error: unknown) => log.warn(`notices: ${messageOf(error)}`));
    return changing;
  };
  const unlisten = lease.onChange(() => void changeNext());
  return {
    set(recipients, keptNow = []) {
      kept = keptNow;
      wanted = new Map(recipients.map((recipient) => [recipient.consumer, recipient]));
      return changeNext();
    },
    waiting: (consumer) => running.get(consumer)?.following.waiting() ?? 0,
    async stop() {
      isStopped = true;
      unlisten();
      await changeNext();
    },
  };
}
