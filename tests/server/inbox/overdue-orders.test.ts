import { describe, expect, test } from "bun:test";
import { removeMessages } from "../../../src/nats/jetstream/stream-messages.ts";
import { startAgent } from "../../support/agent-fixture.ts";
import { ada, statesOf } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const day = 24 * 60 * 60 * 1_000;

/** A clock that can be put forward. */
function movableClock() {
  let aheadMs = 0;
  return {
    now: () => new Date(Date.now() + aheadMs),
    putAhead: (ms: number) => {
      aheadMs = ms;
    },
  };
}

function expired(run: TestServer, id: string) {
  return waitFor(() => statesOf(run, id).at(-1) === "expired", {
    what: `${id} is expired`,
    saw: () => statesOf(run, id),
  });
}

describe("expireOverdue()", () => {
  test("what its agent never came for is reported as expired, half a minute after its time, and leaves the queue", async () => {
    const { now, putAhead } = movableClock();
    await using run = await startTestServer({ now });
    const { bus, server } = run;
    const asked = { id: ada, from: "me", reason: "r" } as const;
    bus.publish("agent.ada.heartbeat", {});
    await waitFor(() => server.fleet.get(ada), { what: "ada" });
    await server.sendCommand({ ...asked, type: "stop", expiresInS: 10, command_id: "early" });
    await server.sendCommand({ ...asked, type: "stop", expiresInS: 35, command_id: "later" });
    await server.sendCommand({ ...asked, type: "task", text: "x", expiresInS: 10, command_id: "had" });
    await server.sendCommand({ ...asked, type: "pause", expiresInS: 10, command_id: "begun" });
    for (const command_id of ["had", "begun"])
      await bus.publishStored("agent.ada.receipt", { command_id, state: "delivered" });
    await waitFor(() => statesOf(run, "begun").length === 2, { what: "the bridge has two of them" });
    putAhead(45_000);
    await expired(run, "early");
    await expired(run, "had");
    expect(statesOf(run, "had")).toEqual(["stored", "delivered", "expired"]);
    expect(statesOf(run, "later")).toEqual(["stored"]);
    // The bridge has it in its hands: it says what became of it.
    expect(statesOf(run, "begun")).toEqual(["stored", "delivered"]);
    const manager = await bus.connection.jetstreamManager();
    await waitFor(async () => (await manager.streams.info("COMMANDS")).state.messages === 2, {
      what: "the removal of two",
    });
  });

  test("what an agent's host holds does not expire before it says what became of it", async () => {
    const { now, putAhead } = movableClock();
    await using run = await startTestServer({ now });
    const bus = await run.nats.bus();
    const agent = await startAgent(run, bus, "ada");
    const send = (command_id: string) =>
      run.server.sendCommand({ id: ada, type: "task", text: "x", from: "me", expiresInS: 10, command_id });
    await send("held");
    await waitFor(() => statesOf(run, "held").length === 1, { what: "the task" });
    const { items } = await agent.result("take_orders", {}, { confirms: true });
    expect(items).toMatchObject([{ command_id: "held" }]);
    await send("free");
    putAhead(45_000);
    await expired(run, "free");
    expect(statesOf(run, "held")).toEqual(["stored"]);
  });

  test("what the stream has kept for a week without an expiry is expired, and the store is not called damaged", async () => {
    const { now, putAhead } = movableClock();
    await using first = await startTestServer({ now });
    const bus = await first.nats.bus();
    await bus.publishStored("agent.ada.command", { type: "task", payload: "old", command_id: "old" });
    await waitFor(() => statesOf(first, "old").length === 1, { what: "the task" });
    await first.server.stop();
    // As the stream does by itself at that age.
    await removeMessages(bus, "COMMANDS", [1]);
    putAhead(7 * day);
    const second = await first.restart();
    putAhead(7 * day + 31_000);
    await expired(second, "old");
    expect(second.server.alerts.open()).toEqual([]);
    await second.server.stop();
  });
});
