import { describe, expect, test } from "bun:test";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

describe("publishState()", () => {
  test("dashboard.state tells the whole fleet at most four times a second, with a growing revision", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const states: Array<{ revision: number; agents: unknown[]; at: string }> = [];
    bus.subscribe("dashboard.state", ({ data }) => states.push(parseJson(data) as (typeof states)[number]));
    await bus.flush();
    const started = Date.now();
    let seq = 0;
    await until("four states", () => {
      for (const id of ["ada", "bob"]) bus.publish(`agent.${id}.heartbeat`, { instance_id: id, seq: seq++ });
      return states.length >= 4;
    });
    expect(Date.now() - started).toBeGreaterThan(700);
    expect(states.at(-1)?.agents).toHaveLength(2);
    const revisions = states.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
  });
});
