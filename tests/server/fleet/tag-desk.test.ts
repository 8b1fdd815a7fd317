import { describe, expect, test } from "bun:test";
import { askForTags } from "../../../src/server/fleet/tag-desk.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("openTagDesk()", () => {
  test("tags an agent beside the tags of its profile, over a restart and over its next run", async () => {
    await using first = await startTestServer();
    const beat = (instance_id: string) =>
      first.bus.publish("agent.ada.heartbeat", { interval_s: 3_600, instance_id, tags: ["night"] });
    beat("one");
    await waitFor(() => first.server.fleet.get(ada), { what: "ada is known" });
    expect(await askForTags(first.bus, { agent_id: ada, add: ["api", "web"], remove: [] })).toEqual({
      ...{ agent_id: ada, tags: ["api", "night", "web"] },
    });
    expect((await askForTags(first.bus, { agent_id: ada, add: [], remove: ["web", "night"] })).tags).toEqual([
      "api",
    ]);
    await using second = await first.restart();
    expect(second.server.fleet.get(ada)?.tags).toEqual(["api"]);
    const bus = await second.nats.bus("ada");
    bus.publish("agent.ada.heartbeat", { interval_s: 3_600, instance_id: "two", tags: ["night", "new"] });
    await waitFor(() => second.server.fleet.get(ada)?.heartbeat?.instance_id === "two", {
      what: "its next run",
    });
    expect(second.server.fleet.get(ada)?.tags).toEqual(["api", "new"]);
    await bus.close();
  });

  test("refuses an unknown agent, a word that is no tag, and too many tags", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.ada.heartbeat", { interval_s: 3_600 });
    await waitFor(() => run.server.fleet.get(ada), { what: "ada is known" });
    const tag = (add: string[], agent_id = ada) => askForTags(run.bus, { agent_id, add, remove: [] });
    await expect(tag(["api"], bob)).rejects.toMatchObject({ code: "agent_unknown" });
    await expect(tag(["a b"])).rejects.toMatchObject({ code: "message_invalid" });
    const many = Array.from({ length: 17 }, (_, i) => `t${i}`);
    await expect(tag(many)).rejects.toMatchObject({ code: "usage" });
    expect(run.server.fleet.get(ada)?.tags).toEqual([]);
  });
});
