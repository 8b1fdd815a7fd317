// What the keys of `cliai top` give is stored before it ends. Over a real server.
import { expect, test } from "bun:test";
import { createActs } from "../../../src/cli/top/act.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

test("createActs() waits, before top ends, until an order that was just given is stored", async () => {
  await using run = await startTestServer();
  const { bus, server } = run;
  bus.publish("agent.ada.heartbeat", { instance_id: "r1", interval_s: 60, status: "working" });
  await until("it is online", () => server.fleet.get(ada)?.axes.link.value === "online");
  const told: string[] = [];
  const acts = createActs(bus, testContext({}), (text) => told.push(text));
  acts.order({ type: "order", order: "pause", ids: [ada] });
  await acts.settled();
  await server.catchUp(ada);
  expect(server.fleet.get(ada)?.commands.map(({ type }) => type)).toEqual(["pause"]);
  expect(told.at(-1)).toContain("stored");
});
