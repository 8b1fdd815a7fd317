import { describe, expect, test } from "bun:test";
import { silentLogger as log } from "../../../src/log.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { endWithRuns } from "../../../src/server/inbox/ended-runs.ts";
import { forEach } from "../../../src/server/inbox/for-each.ts";
import type { OrderEnds } from "../../../src/server/inbox/order-ends.ts";
import { expireOverdue } from "../../../src/server/inbox/overdue-orders.ts";
import type { Lease } from "../../../src/server/lease.ts";
import { ada, bob } from "../../support/agents.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("forEach()", () => {
  test("it is done for all, one after the other, and the first error is thrown then", async () => {
    const done: number[] = [];
    const doing = forEach([1, 2, 3, 4], async (each) => {
      if (each % 2 === 1) throw new Error(`not ${each}`);
      done.push(each);
    });
    await expect(doing).rejects.toThrow("not 1");
    expect(done).toEqual([2, 4]);
  });

  /** A fleet in which an order of ada and one of bob are to end; ada's ends cannot be stored. Returns what is stored. */
  function startFleet() {
    const now = () => new Date();
    const fleet = createFleetState(now, () => "");
    const at = now().toISOString();
    for (const id of [ada, bob]) {
      const expires_at = new Date(Date.now() - 60_000).toISOString();
      const pause = { type: "pause", command_id: "p", run: "r1", expires_at } as const;
      fleet.apply({ id, at, type: "heartbeat", message: { instance_id: "r1", status: "idle" } });
      fleet.apply({ id, at, type: "command", stream_seq: 1, message: pause });
    }
    const ended: string[] = [];
    const store: OrderEnds["store"] = async (id, decide) => {
      if (id === ada) throw new Error("too slow");
      const receipt = decide();
      if (receipt !== undefined) ended.push(`${id} ${receipt.command_id} ${receipt.state}`);
      return receipt;
    };
    const lease: Lease = {
      isLeader: () => true,
      onChange: () => () => undefined,
      trouble: () => undefined,
      stop: async () => undefined,
    };
    const options = { bus: { isConnected: () => true }, fleet, lease, orderEnds: { store }, now, log };
    return { fleet, ended, options, at };
  }

  test("an agent whose orders cannot be ended holds up no other's: of those that are overdue", async () => {
    const { fleet, ended, options } = startFleet();
    const stop = expireOverdue({ ...options, holds: { isFree: () => true } });
    await waitFor(() => ended.includes("bob p expired"), { what: "the end of bob's", saw: () => ended });
    stop();
    fleet.stop();
  });

  test("nor of those that have ended with their run", async () => {
    const { fleet, ended, options, at } = startFleet();
    for (const id of [ada, bob]) {
      fleet.apply({
        id,
        at,
        type: "receipt",
        audit_seq: 1,
        message: { command_id: "p", state: "delivered" },
      });
      const message = { status: "disconnected", instance_id: "r1" };
      fleet.apply({ id, at, type: "status", audit_seq: 2, message });
    }
    const stop = endWithRuns({ ...options, resumeWindowMs: 60_000 });
    await waitFor(() => ended.includes("bob p failed"), { what: "the end of bob's", saw: () => ended });
    stop();
    fleet.stop();
  });
});
