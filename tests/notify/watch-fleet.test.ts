import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { type AgentView, viewAgent } from "../../src/domain/fleet/agent-view.ts";
import type { Notice } from "../../src/domain/notices/notice.ts";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import type { NoticeStore } from "../../src/notify/notice-store.ts";
import { watchFleet } from "../../src/notify/watch-fleet.ts";
import { createAlerts } from "../../src/server/alerts/alerts.ts";
import type { FleetChange } from "../../src/server/server.ts";
import { ago, alive, now, recordOf } from "../support/agent-records.ts";
import { until } from "../support/wait-for.ts";

/** A fleet whose records the test sets, with a store that keeps what it is given, and can be away. */
function startWatch() {
  const views = new Map<AgentId, AgentView>();
  const listeners = new Set<(change: FleetChange) => void>();
  const alerts = createAlerts({
    ...{ tell: () => undefined, drop: () => undefined, isLeader: () => true, now: () => now },
  });
  const stored: Notice[] = [];
  const written: AgentId[][] = [];
  const world = { isAway: false, refused: 0 };
  const store: NoticeStore = {
    store: (notice) => {
      if (!world.isAway) stored.push(notice);
      else world.refused += 1;
      return world.isAway ? Promise.reject(new Error("away")) : Promise.resolve(true);
    },
    readAtWork: () => Promise.resolve([]),
    writeAtWork: (ids) => {
      written.push([...ids]);
      return Promise.resolve();
    },
  };
  const stop = watchFleet({
    fleet: {
      get: (id) => views.get(id),
      list: () => [...views.values()],
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    ...{ alerts, store, now: () => now, log: silentLogger, restsForMs: 0 },
    lease: { isLeader: () => true, onChange: () => () => undefined },
  });
  const set = (name: string, fields: Partial<AgentRecord>) => {
    const id = parseAgentId(name);
    views.set(id, viewAgent(recordOf({ ...alive, ...fields, agent_id: id }), now));
    for (const listener of listeners) listener({ revision: 1, ids: [id], isUrgent: false });
  };
  const turn = (since: number, ended?: number) => ({
    session: {
      ...{ started_at: ago(500), last_event_at: ago(10), tools: [], generation: 1, seq: 1 },
      turn: { since: ago(since), ...(ended === undefined ? {} : { ended_at: ago(ended) }) },
      last_prompt_at: ago(since),
    },
  });
  return {
    ...{ stored, written, world, alerts },
    work: (name: string, since: number) => set(name, turn(since)),
    end: (name: string, since: number) => set(name, turn(since, since - 5)),
    async [Symbol.asyncDispose]() {
      alerts.stop();
      await stop();
    },
  };
}

describe("watchFleet()", () => {
  test("names an agent that was done several times once when all are done", async () => {
    await using watch = startWatch();
    watch.work("bob", 100);
    for (const since of [90, 80, 70]) {
      watch.work("ada", since);
      watch.end("ada", since);
    }
    watch.end("bob", 100);
    await until("all are done", () => watch.stored.some(({ kind }) => kind === "all_done"));
    expect(watch.stored.filter(({ kind }) => kind === "done").length).toBe(4);
    expect(watch.stored.at(-1)?.text).toBe("ada, bob");
  });

  test("tells an alert once, also one that counts several causes from its beginning", async () => {
    await using watch = startWatch();
    const lost = { kind: "transcript_lost", severity: "warning" as const };
    watch.alerts.raiseOwn({ ...lost, message: "5 entries", times: 5 });
    watch.alerts.raiseOwn({ ...lost, message: "6 entries" });
    watch.alerts.resolve("transcript_lost", undefined);
    watch.alerts.raiseOwn({ ...lost, message: "3 entries", times: 3 });
    await until("both alerts", () => watch.stored.length === 2);
    expect(watch.stored.map(({ text }) => text)).toEqual(["5 entries", "3 entries"]);
  });

  test("notes that an agent's work has ended only when the notice of it is stored", async () => {
    await using watch = startWatch();
    watch.work("ada", 100);
    await until("it is noted", () => watch.written.length > 0);
    watch.world.isAway = true;
    watch.end("ada", 100);
    await until("a second try", () => watch.world.refused > 1);
    expect(watch.written).toEqual([[parseAgentId("ada")]]);
    watch.world.isAway = false;
    await until("it is noted", () => watch.written.length > 1);
    expect(watch.stored.map(({ kind }) => kind)).toEqual(["done", "all_done"]);
    expect(watch.written.at(-1)).toEqual([]);
  });
});
