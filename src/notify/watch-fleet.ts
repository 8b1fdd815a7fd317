// Watches the fleet and its alerts for changes that are notices, and stores each. Only the leader does it. What cannot be stored now is kept,
// and tried again.
import type { AgentView } from "../domain/fleet/agent-view.ts";
import {
  alertNotice,
  allDoneNotice,
  doneNotice,
  isToldByNeed,
  needNotices,
} from "../domain/notices/fleet-notices.ts";
import type { Notice } from "../domain/notices/notice.ts";
import { isAtWork, workEndOf } from "../domain/notices/work-end.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Alert } from "../domain/wire/messages.ts";
import type { ServerInside } from "../server/start/server-options.ts";
import type { NoticeStore } from "./notice-store.ts";

/** The end of an agent's work counts only after this time, because the next turn may follow at once. */
const restsForMs = 3_000;
const lookEveryMs = 1_000;
/** The most notices that wait to be stored. Beyond it the oldest is dropped, and logged. */
const mostWaiting = 10_000;

export interface FleetWatchOptions extends Pick<ServerInside, "lease" | "now" | "log"> {
  readonly fleet: Pick<ServerInside["fleet"], "get" | "list" | "onChange">;
  readonly alerts: Pick<ServerInside["alerts"], "open" | "onAlert">;
  readonly store: NoticeStore;
  /** Default 3 s. */
  readonly restsForMs?: number;
}

/** Returns a function that ends it. */
export function watchFleet(options: FleetWatchOptions): () => Promise<void> {
  const { fleet, alerts, lease, log } = options;
  const queue = createQueue(options);
  const work = createWorkWatch(options, queue.add);
  /** The ids of the needs that stand, by agent. */
  const standing = new Map<AgentId, ReadonlySet<string>>();

  const look = (id: AgentId, view = fleet.get(id)) => {
    work.look(id, view);
    const notices = view === undefined ? [] : needNotices(view);
    const before = standing.get(id);
    for (const notice of notices) if (before?.has(notice.notice_id) !== true) queue.add(notice);
    if (notices.length === 0) standing.delete(id);
    else standing.set(id, new Set(notices.map(({ notice_id }) => notice_id)));
  };
  /** The ids of the open alerts that were told. Their counts do not say that: the first may be more than 1. */
  const alerted = new Set<string>();
  const lookAtAlert = (alert: Alert) => {
    const { alert_id, resolved_at } = alert;
    if (isToldByNeed(alert)) return;
    if (resolved_at !== undefined) alerted.delete(alert_id);
    else if (!alerted.has(alert_id)) {
      alerted.add(alert_id);
      queue.add(alertNotice(alert));
    }
  };
  const begin = () => {
    work.begin();
    for (const view of fleet.list()) look(view.agent_id, view);
    for (const alert of alerts.open()) lookAtAlert(alert);
  };
  const end = () => {
    standing.clear();
    alerted.clear();
    work.end();
    queue.clear();
  };
  const endings = [
    fleet.onChange(({ ids }) => {
      if (lease.isLeader()) for (const id of ids) look(id);
    }),
    alerts.onAlert((alert) => {
      if (lease.isLeader()) lookAtAlert(alert);
    }),
    lease.onChange((isLeader) => (isLeader ? begin() : end())),
  ];
  const timer = setInterval(() => {
    if (!lease.isLeader()) return;
    work.lookAgain();
    // An agent counts as at work until the notice of its end is stored, so that the next serve tells of it if this one is killed before.
    void queue.flush().then(() => (queue.isEmpty() ? work.write() : undefined));
  }, lookEveryMs);
  if (lease.isLeader()) begin();
  log.debug("the fleet is watched for notices");
  return async () => {
    clearInterval(timer);
    for (const stop of endings) stop();
    await queue.flush();
  };
}

/** The notices that wait to be stored, in their order. */
function createQueue({ store, lease, log }: FleetWatchOptions) {
  const waiting = new Map<string, Notice>();
  let storing: Promise<void> | undefined;
  const storeAll = async () => {
    for (const [id, notice] of waiting) {
      if (!lease.isLeader()) return;
      await store.store(notice);
      waiting.delete(id);
    }
  };
  const flush = async () => {
    if (waiting.size === 0) return;
    storing ??= storeAll()
      .catch((error: unknown) => log.debug(`a notice is not stored yet: ${messageOf(error)}`))
      .finally(() => {
        storing = undefined;
      });
    await storing;
  };
  return {
    flush,
    isEmpty: () => waiting.size === 0,
    clear: () => waiting.clear(),
    add(notice: Notice) {
      waiting.set(notice.notice_id, notice);
      const [oldest] = waiting.keys();
      if (waiting.size > mostWaiting && oldest !== undefined) {
        waiting.delete(oldest);
        log.warn(`the notice ${oldest} is dropped: too many wait to be stored`);
      }
      void flush();
    },
  };
}

/** Follows which agents are at work, also over a restart, and tells of the end of their work. */
function createWorkWatch(options: FleetWatchOptions, add: (notice: Notice) => void) {
  const { fleet, lease, store, now, log } = options;
  const atWork = new Set<AgentId>();
  /** Since when those that were at work rest, in ms of the steady clock. */
  const resting = new Map<AgentId, number>();
  /** The agents whose work has ended since all were done last. */
  const done = new Set<AgentId>();
  let listeningSince = now().toISOString();
  let isWritten = true;

  const write = async () => {
    if (isWritten || !lease.isLeader()) return;
    isWritten = true;
    await store.writeAtWork(atWork).catch((error: unknown) => {
      isWritten = false;
      log.debug(`the agents at work are not stored yet: ${messageOf(error)}`);
    });
  };
  const leave = (id: AgentId) => {
    resting.delete(id);
    if (atWork.delete(id)) isWritten = false;
  };
  const tellDone = (view: AgentView, reason: string) => {
    const notice = doneNotice(view, reason);
    done.add(view.agent_id);
    add(notice);
    if (atWork.size > 0 || fleet.list().some(({ needs }) => needs.length > 0)) return;
    add(allDoneNotice(notice, [...done]));
    done.clear();
  };
  const look = (id: AgentId, view: AgentView | undefined) => {
    if (view === undefined) leave(id);
    else if (isAtWork(view)) {
      resting.delete(id);
      if (!atWork.has(id)) isWritten = false;
      atWork.add(id);
    } else if (atWork.has(id)) lookAtEnd(id, view);
  };
  const lookAtEnd = (id: AgentId, view: AgentView) => {
    const end = workEndOf(view, now(), listeningSince);
    if (end === undefined) {
      resting.delete(id);
      return;
    }
    const since = resting.get(id) ?? performance.now();
    resting.set(id, since);
    if (performance.now() - since < (options.restsForMs ?? restsForMs)) return;
    leave(id);
    if (end.outcome === "done") tellDone(view, end.reason);
  };
  return {
    look,
    begin() {
      listeningSince = now().toISOString();
      void store.readAtWork().then(
        (ids) => {
          for (const id of ids) atWork.add(id);
        },
        (error: unknown) => log.warn(`the agents that were at work are not known: ${messageOf(error)}`),
      );
    },
    end() {
      atWork.clear();
      resting.clear();
      done.clear();
    },
    lookAgain() {
      for (const id of atWork) look(id, fleet.get(id));
    },
    write,
  };
}
