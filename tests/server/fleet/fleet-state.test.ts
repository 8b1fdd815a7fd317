import { describe, expect, test } from "bun:test";
import { aheadMs } from "../../../src/domain/fleet/set-back.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until, waitFor } from "../../support/wait-for.ts";

const hourMs = 60 * 60 * 1_000;

function fleetOf() {
  let aheadOfAll = hourMs;
  const now = () => new Date(Date.now() + aheadOfAll);
  const fleet = createFleetState(now, () => new Date(0).toISOString());
  /** nats-server tells of the end of a connection with the same start as of its begin. */
  const connection = (isUp: boolean, at: Date, started: Date) =>
    fleet.apply({
      type: "connection",
      id: ada,
      at: at.toISOString(),
      connection: {
        ...{ isUp, at: at.toISOString(), started_at: started.toISOString() },
        ...{ client: "7", instance_id: "one", reason: "killed" },
      },
    });
  return {
    fleet,
    now,
    connection,
    beat: () =>
      fleet.apply({
        type: "heartbeat",
        id: ada,
        at: now().toISOString(),
        message: { instance_id: "one", seq: 1, interval_s: 0.3, status: "working" },
      }),
    setBack: () => {
      aheadOfAll = 0;
    },
    link: () => fleet.get(ada)?.axes.link.value,
    [Symbol.dispose]: fleet.stop,
  };
}

function fail(): never {
  throw new Error("ada is not known");
}

describe("createFleetState()", () => {
  test("an agent that died as the clock was set back is silent soon, not after an hour", async () => {
    using run = fleetOf();
    run.beat();
    expect(run.link()).toBe("online");
    run.setBack();
    await waitFor(() => run.link() === "silent", { what: "it is silent", saw: run.link });
    expect(run.fleet.get(ada)?.axes.link.age_s).toBeLessThan(60);
  });

  test("the end of a connection counts, though the last heartbeat has a later time", async () => {
    using run = fleetOf();
    const started = run.now();
    run.connection(true, started, started);
    run.beat();
    run.setBack();
    const killed = run.now();
    await waitFor(() => aheadMs(run.fleet.record(ada) ?? fail(), run.now()) === 0, {
      what: "the clock is seen",
    });
    run.connection(false, killed, started);
    expect(run.link()).toBe("offline");
  });

  test("a fleet that is read from the store after the clock was set back has no sign of life in the future", () => {
    using run = fleetOf();
    run.beat();
    const stored = run.fleet.record(ada) ?? fail();
    using next = fleetOf();
    next.setBack();
    next.fleet.restore([stored]);
    expect(aheadMs(next.fleet.record(ada) ?? fail(), next.now())).toBe(0);
    expect(Date.parse(next.fleet.record(ada)?.last_seen ?? "")).toBeLessThanOrEqual(next.now().getTime());
  });

  test("changedSince() names what has changed after a revision, and nothing for one it never gave out", async () => {
    await using run = await startTestServer();
    const { fleet } = run.server;
    run.bus.publish("agent.ada.heartbeat", {});
    await until("a revision", () => fleet.revision() > 0);
    const revision = fleet.revision();
    run.bus.publish("agent.bob.heartbeat", {});
    await until("bob", () => fleet.changedSince(revision)?.includes(bob));
    expect(fleet.changedSince(0)).toContain(ada);
    expect(fleet.changedSince(fleet.revision() + 1)).toBeUndefined();
  });
});
