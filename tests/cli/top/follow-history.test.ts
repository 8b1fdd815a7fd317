import { expect, test } from "bun:test";
import { createHistoryFollower } from "../../../src/cli/top/follow-history.ts";
import type { History } from "../../../src/cli/top/state.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

test("createHistoryFollower() misses nothing that is stored between its reading and its following, also of an agent without records", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  const says = (message: string) => bus.publish("agent.ada.status", { status: "working", message });
  const histories: History[] = [];
  await using follower = createHistoryFollower(bus, silentLogger, (history) => {
    // What it has read is given before it follows. So this goes to nats-server before what it asks next.
    if (histories.push(history) === 1) says("in between");
  });
  follower.follow(ada);
  await until("the first history", () => histories.length > 0);
  expect(histories[0]?.entries).toEqual([]);
  says("afterwards");
  const words = () => histories.at(-1)?.entries?.map(({ text }) => text) ?? [];
  await until("the last word", () => words().some((text) => text.includes("afterwards")));
  expect(words().filter((text) => text.includes("in between"))).toHaveLength(1);
});
