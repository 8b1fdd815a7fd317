// What dies by kill -9 and comes back: nats-server under a running serve, and serve itself, with real bridges for agents.

import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { leastRatio } from "../support/quickest.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ids = ["ada", "ben"];
/** How long the agents may be away, as a multiple of the time in which serve and they start and take a command. Measured: 1. */
const mostStarts = 4;

async function natsPid({ dataDir }: RunningServe): Promise<number> {
  return JSON.parse(await readFile(`${dataDir}/nats/run.json`, "utf8")).pid;
}

/** Fulfilled once each agent is online by a heartbeat that came after the given moment. */
async function allHeardAfter(serve: RunningServe, moment: number): Promise<void> {
  const heard = async (id: string) => {
    const { axes, last_seen } = await fetchAgent(serve, id);
    return axes.link.value === "online" && Date.parse(last_seen) > moment;
  };
  await waitFor(async () => (await Promise.all(ids.map(heard))).every(Boolean), {
    what: "each agent is heard again",
    saw: async () => await (await serve.fetch("/api/agents")).json(),
  });
}

async function commandEach(serve: RunningServe): Promise<void> {
  const sent = await Promise.all(ids.map((id) => serve.run(["send", "task", id, `for ${id}`, "--json"])));
  expect(sent.map(({ code }) => code)).toEqual([0, 0]);
  for (const { stdout } of sent) expect(stdout).toContain('"state":"delivered"');
}

describe("the end", () => {
  test("of nats-server by kill -9: every agent is heard again and takes a command, in the time of a few starts", async () => {
    const startedMs = performance.now();
    await using serve = await startServe();
    await using _ada = await startBridge(serve, "ada");
    await using _ben = await startBridge(serve, "ben");
    await commandEach(serve);
    const startMs = performance.now() - startedMs;
    let restarts = 0;
    const ratio = await leastRatio(mostStarts, async () => {
      const before = await natsPid(serve);
      const killedAt = Date.now();
      const killedMs = performance.now();
      process.kill(before, "SIGKILL");
      restarts += 1;
      await allHeardAfter(serve, killedAt);
      await commandEach(serve);
      const backMs = performance.now() - killedMs;
      expect(await natsPid(serve)).not.toBe(before);
      const health = await (await fetch(`${serve.url}/readyz`)).json();
      expect(health).toMatchObject({ ready: true, nats: { connected: true, restarts } });
      return backMs / startMs;
    });
    expect(ratio).toBeLessThanOrEqual(mostStarts);
    const commands = (await fetchAgent(serve, "ada")).commands.map(({ summary }) => summary);
    expect(commands).toEqual(Array.from({ length: restarts + 1 }, () => "for ada"));
  });

  test("of a NATS server that serve only uses: a client says that serve runs and its NATS is away", async () => {
    await using owner = await startServe();
    await using dir = await tempDir();
    const args = ["--nats-url", owner.natsUrl, "--nats-creds", owner.credsPath ?? "none"];
    await using guest = await startServe({ dataDir: dir.path, args });
    owner.child.kill("SIGTERM");
    await owner.child.exit();
    expect(await guest.run(["ls"])).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining(`error: cliai serve runs, but its NATS at ${owner.natsUrl} does not`),
    });
  });

  test("of serve by kill -9: the next one has the fleet as it was, and its agents come back to it by themselves", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    await using first = await startServe({ dataDir });
    await using _ada = await startBridge(first, "ada");
    await using _ben = await startBridge(first, "ben");
    await commandEach(first);
    const delivered = async () =>
      (await fetchAgent(first, "ada")).commands[0]?.receipts.map(({ state }) => state).join() ===
      "stored,delivered";
    await waitFor(delivered, { what: "the receipts are known" });
    const orphan = await natsPid(first);
    first.child.kill("SIGKILL");
    await first.child.exit();
    const killedAt = Date.now();

    const [port, natsPort] = [first.url, first.natsUrl].map((url) => Number(new URL(url).port));
    await using second = await startServe({ dataDir, port: port ?? 0, natsPort: natsPort ?? 0 });
    const found = await fetchAgent(second, "ada");
    expect(found.commands.map(({ summary }) => summary)).toEqual(["for ada"]);
    expect(found.commands[0]?.receipts.map(({ state }) => state)).toEqual(["stored", "delivered"]);
    expect(await natsPid(second)).not.toBe(orphan);
    await allHeardAfter(second, killedAt);
    await commandEach(second);
  });
});
