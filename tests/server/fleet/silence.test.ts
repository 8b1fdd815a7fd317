// An agent that falls silent, and serves that come and go meanwhile: over a real server, with an agent that speaks plain NATS.
import { describe, expect, test } from "bun:test";
import { pause } from "../../../src/waiting.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { stays, until } from "../../support/wait-for.ts";

/** Three of them without a heartbeat are silence. */
const intervalS = 0.4;
const silentAfterMs = 1_200;

async function beat({ nats }: TestServer): Promise<void> {
  (await nats.bus()).publish("agent.ada.heartbeat", { interval_s: intervalS, instance_id: "r1" });
}
const alerts = ({ server }: TestServer) => server.alerts.open().filter(({ kind }) => kind === "silent");

async function known(run: TestServer): Promise<void> {
  await beat(run);
  await until("ada is known", () => run.server.fleet.get(ada));
}

describe("watchSilence()", () => {
  test("raises one alert, in words, and ends it when the agent is heard again", async () => {
    await using run = await startTestServer();
    await known(run);
    await until("the alert", () => alerts(run).length === 1);
    expect(alerts(run)).toMatchObject([
      {
        severity: "warning",
        agent_id: "ada",
        count: 1,
        message: expect.stringMatching(/^ada: no heartbeat for \d+ s$/),
      },
    ]);
    await beat(run);
    await until("its end", () => alerts(run).length === 0);
  });

  test("an agent that has said goodbye is not called silent", async () => {
    await using run = await startTestServer();
    await known(run);
    await run.bus.publishStored("agent.ada.status", { status: "stopped", instance_id: "r1" });
    await until("it is gone", () => run.server.fleet.get(ada)?.axes.link.value === "offline");
    await stays(() => alerts(run).length === 0, {
      ...{
        what: "there is no alert",
        because: "silence is told a second after it began",
        forMs: silentAfterMs + 1_200,
      },
    });
  });

  test("the time in which no serve listened is no silence: a serve that starts waits for a heartbeat first", async () => {
    await using first = await startTestServer();
    await known(first);
    // As long as two silences.
    let beganMs = 0;
    const second = await first.restart(async () => {
      await pause(2 * silentAfterMs);
      beganMs = performance.now();
    });
    await until("the alert", () => alerts(second).length === 1);
    // It has listened for as long as a silence lasts. A timer may fire a little early.
    expect(performance.now() - beganMs).toBeGreaterThan(silentAfterMs - 50);
    await second.server.stop();
  });

  test("a serve that starts raises nothing for an agent that it hears in time", async () => {
    await using first = await startTestServer();
    await known(first);
    const second = await first.restart(() => pause(2 * silentAfterMs));
    const beats = setInterval(() => void beat(first), 200);
    try {
      await stays(() => alerts(second).length === 0, {
        ...{ what: "there is no alert", because: "one would come after a silence and a look", forMs: 3_000 },
      });
    } finally {
      clearInterval(beats);
    }
    await second.server.stop();
  });
});
