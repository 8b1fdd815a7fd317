import { expect, test } from "bun:test";
import { parseAgentId } from "../../src/domain/agent-id.ts";
import { receiptMessageId } from "../../src/domain/receipts.ts";
import { agentSubject } from "../../src/domain/subjects.ts";
import { storeCommand } from "../../src/server/commands.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const ada = parseAgentId("ada");
const commands = Array.from({ length: 60 }, (_, n) => `c${n}`);

test("what an agent was told and said while no server ran is all known to the next one", async () => {
  await using first = await startTestServer();
  first.bus.publish(agentSubject(ada, "heartbeat"), { status: "working" });
  await waitFor(() => first.server.fleet.get(ada), { what: "ada" });
  await first.server.stop();
  const sender = await first.nats.bus("sender");
  for (const command_id of commands) {
    await storeCommand(sender, { id: ada, type: "task", text: "go", from: "me", command_id }, new Date());
    await sender.publishStored(
      agentSubject(ada, "receipt"),
      { command_id, state: "delivered" },
      { id: receiptMessageId(ada, command_id, "delivered") },
    );
  }
  await using second = await first.restart();
  const known = second.server.fleet.get(ada)?.commands ?? [];
  expect(known.map(({ command_id }) => command_id).toSorted()).toEqual(commands.toSorted());
  for (const { receipts } of known) {
    expect(receipts.map(({ state }) => state)).toEqual(["stored", "delivered"]);
  }
});
