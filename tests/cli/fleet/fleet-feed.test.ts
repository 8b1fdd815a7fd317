import { describe, expect, test } from "bun:test";
import { type FedFleet, followFleet, readState } from "../../../src/cli/fleet/fleet-feed.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { agentSubject } from "../../../src/domain/wire/subjects.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const at = "2026-01-01T00:00:00.000Z";
const now = () => new Date();

describe("readState()", () => {
  const view = (agent_id: typeof ada) =>
    viewAgent({ agent_id, first_seen: at, commands: [], audit_seq: 0, commands_seq: 0 }, new Date(at));
  const read = (state: unknown) => readState(Buffer.from(JSON.stringify(state)));

  test("reads the agents by id, and leaves out what is none", () => {
    const { axes, ...withoutAxes } = view(ada);
    const agents = [view(bob), view(ada), null, "ada", withoutAxes, { ...view(ada), agent_id: "a b" }];
    expect(read({ at, agents })).toEqual({ at: new Date(at), views: [view(ada), view(bob)] });
    expect(axes.link.value).toBe("never");
  });

  test.each([[{ at, agents: 7 }], [{ at: "soon", agents: [] }], [[]], [null]])(
    "reads nothing of %j",
    (state) => {
      expect(read(state)).toBeUndefined();
    },
  );
});

describe("followFleet()", () => {
  test("gives the present fleet, each change, and that serve has gone and is back", async () => {
    await using test = await startTestServer();
    const bus = await test.nats.bus("client");
    const fleets: FedFleet[] = [];
    const last = () => fleets.at(-1);
    const stop = await followFleet(bus, { now }, (fleet) => void fleets.push(fleet));
    expect(last()).toMatchObject({ views: [] });
    expect(last()?.lost).toBeUndefined();
    bus.publish(agentSubject(ada, "heartbeat"), { agent_id: "ada", status: "working", timestamp: at });
    await until("ada is told", () => last()?.views[0]?.agent_id === ada);

    await using next = await test.restart(async () => {
      await until("serve is missed", () => last()?.lost === "no serve answers");
      expect(last()?.views[0]?.agent_id).toBe(ada);
    });
    await until("the next serve is found", () => last()?.lost === undefined);
    stop();
    const told = fleets.length;
    next.bus.publish(agentSubject(bob, "heartbeat"), { agent_id: "bob", status: "idle", timestamp: at });
    await until("serve knows bob", () => next.server.fleet.get(bob) !== undefined);
    expect(fleets).toHaveLength(told);
  });
});
