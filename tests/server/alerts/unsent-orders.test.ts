// Receipts of orders that were never sent, on a real server over a real nats-server.
import { expect, test } from "bun:test";
import { ada } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { stays, until } from "../../support/wait-for.ts";

test("an order that only its receipts know is counted once, and kept to be looked at; one that was sent, or that the record has forgotten, is not", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  bus.publish("agent.ada.heartbeat", { status: "idle" });
  await until("ada", () => run.server.fleet.get(ada));
  const receipt = (command_id: string, state: string) =>
    bus.publishStored("agent.ada.receipt", { command_id, state });
  // A real one whose receipts may be read before it, as those of many later ones, after which the record has forgotten it.
  for (let n = 0; n < 25; n += 1) {
    await run.server.sendCommand({ id: ada, type: "task", text: "dig", from: "me", command_id: `t${n}` });
    await receipt(`t${n}`, "delivered");
    await receipt(`t${n}`, "applied");
  }
  await until("it is forgotten", () =>
    run.server.fleet.get(ada)?.commands.every(({ command_id }) => command_id !== "t0"),
  );
  await receipt("t0", "applied");
  await receipt("made-up", "seen");
  await receipt("made-up", "applied");
  await until("the count", () => run.server.health().malformed === 1);
  await stays(() => run.server.health().malformed === 1, {
    forMs: 2_500,
    what: "it is counted once",
    because: "receipts are looked at each second",
  });
  expect(run.server.alerts.open()).toMatchObject([
    {
      kind: "malformed",
      agent_id: "ada",
      message: expect.stringContaining('the order "made-up", which ada was never sent'),
    },
  ]);
});
