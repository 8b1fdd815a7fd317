// nats-server's own word of a bridge's connection, as the fleet shows it at once.

import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { watchConnections } from "../../src/nats/accounts/system-account.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { startChild } from "../support/child.ts";
import { leastRatio } from "../support/quickest.ts";
import { type SecureNats, startSecureNats } from "../support/secure-nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const program = join(import.meta.dirname, "..", "bridge", "bridge-program.ts");

async function startWatching(nats: SecureNats): Promise<Server> {
  return await startServer(nats.serve, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    followConnections: (onEvent) => watchConnections(nats.system, onEvent, silentLogger),
    natsRestarts: nats.server.restarts,
    now: () => new Date(),
    log: silentLogger,
  });
}

test("a bridge killed by SIGKILL is offline sooner than it came online, by its connection; the next one is online again", async () => {
  await using nats = await startSecureNats();
  await using dir = await tempDir();
  const server = await startWatching(nats);
  const credsPath = dir.join("ada.creds");
  await writeFile(credsPath, (await nats.mintAgent("ada")).creds);
  const start = () => startChild(process.execPath, [program, nats.url, "ada", credsPath]);
  const link = () => server.fleet.get(parseAgentId("ada"))?.axes.link;
  const online = () => waitFor(() => link()?.value === "online", { what: "ada online", saw: link });
  const ratio = await leastRatio(1, async () => {
    const startedMs = performance.now();
    await using bridge = await start();
    await online();
    const killedMs = performance.now();
    bridge.kill("SIGKILL");
    await waitFor(() => link()?.value === "offline", { what: "ada offline", saw: link });
    const offlineMs = performance.now();
    expect(link()).toMatchObject({
      source: "connection",
      reason: expect.stringContaining("connection is gone"),
    });
    return (offlineMs - killedMs) / (killedMs - startedMs);
  });
  expect(ratio).toBeLessThanOrEqual(1);
  await using _second = await start();
  await online();
  await server.stop();
});

test("a frozen bridge keeps its connection and falls silent; a connection that only claims a name counts for nothing", async () => {
  await using nats = await startSecureNats();
  const server = await startWatching(nats);
  const { creds } = await nats.mintAgent("ada");
  const ada = await nats.connectRaw(creds, { name: "cliai bridge ada run-1", reconnect: false });
  const link = () => server.fleet.get(parseAgentId("ada"))?.axes.link;
  const beat = (interval_s: number) =>
    ada.publish("agent.ada.heartbeat", JSON.stringify({ agent_id: "ada", instance_id: "run-1", interval_s }));
  beat(0.3);
  await waitFor(() => link()?.value === "silent", { what: "ada silent", saw: link });
  expect(link()).toMatchObject({ source: "heartbeat" });

  const mallory = await nats.connectRaw((await nats.mintAgent("mallory")).creds, {
    name: "cliai bridge ada run-1",
  });
  await mallory.close();
  // Claims of another operator, that name her: nobody has checked them, and they are not let in.
  await using elsewhere = await startSecureNats();
  const forged = (await elsewhere.mintAgent("ada")).creds;
  for (let tries = 0; tries < 3; tries += 1) {
    const refused = nats.connectRaw(forged, { name: "cliai bridge ada run-1", reconnect: false });
    await expect(refused).rejects.toThrow("Authorization Violation");
  }
  beat(60);
  await waitFor(() => link()?.value === "online", { what: "ada online again", saw: link });
  await ada.close();
  await waitFor(() => link()?.value === "offline", { what: "ada offline", saw: link });
  await server.stop();
});

test.each([
  ["while serve ran", false],
  ["before serve was started again", true],
])("a run on a nats-server that was killed %s keeps its place from no other run", async (_, isRestarted) => {
  await using nats = await startSecureNats();
  let server = await startWatching(nats);
  const { creds } = await nats.mintAgent("ada");
  const record = () => server.fleet.get(parseAgentId("ada"));
  const begin = async (run: string) => {
    const connected = await waitFor(
      () =>
        nats.connectRaw(creds, { name: `cliai bridge ada ${run}`, reconnect: false }).catch(() => undefined),
      { what: `${run} is connected` },
    );
    // A heartbeat after the news of the connection, so that the record has both.
    const beat = () =>
      connected.publish("agent.ada.heartbeat", JSON.stringify({ agent_id: "ada", instance_id: run }));
    beat();
    await waitFor(() => record() !== undefined, { what: "ada" });
    return { beat };
  };
  await begin("run-1");
  // Its first connection came before anything was known of it.
  await begin("run-1");
  await waitFor(() => record()?.connection?.isUp, { what: "its connection", saw: record });

  if (isRestarted) await server.stop();
  const lost = new Promise<void>((resolve) => {
    nats.serve.onConnection((isUp) => isUp || resolve());
  });
  process.kill(nats.server.pid() ?? 0, "SIGKILL");
  await lost;
  await waitFor(() => nats.serve.isConnected(), { what: "nats-server is back" });
  if (isRestarted) server = await startWatching(nats);
  const { beat } = await begin("run-2");
  beat();
  await waitFor(() => record()?.heartbeat?.instance_id === "run-2", { what: "the next run", saw: record });
  await server.stop();
});
