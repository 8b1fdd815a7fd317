// nats-server's own word of a bridge's connection, as the fleet shows it within a second.
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { watchConnections } from "../../src/nats/accounts/system-account.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { startChild } from "../support/child.ts";
import { type SecureNats, startSecureNats } from "../support/secure-nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(30_000);
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

test("a bridge killed by SIGKILL is offline within 1 s, by its connection; the next one is online again", async () => {
  await using nats = await startSecureNats();
  await using dir = await tempDir();
  const server = await startWatching(nats);
  const credsPath = dir.join("ada.creds");
  await writeFile(credsPath, (await nats.mintAgent("ada")).creds);
  const start = () => startChild(process.execPath, [program, nats.url, "ada", credsPath]);
  const link = () => server.fleet.get(parseAgentId("ada"))?.axes.link;
  const online = () =>
    waitFor(() => link()?.value === "online", { what: "ada online", saw: link, deadlineMs: 10_000 });
  {
    await using first = await start();
    await online();
    first.kill("SIGKILL");
    const killed = performance.now();
    await waitFor(() => link()?.value === "offline", { what: "ada offline", saw: link });
    expect(performance.now() - killed).toBeLessThan(1_000);
    expect(link()).toMatchObject({
      source: "connection",
      reason: expect.stringContaining("connection is gone"),
    });
  }
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
  const beat = () =>
    ada.publish(
      "agent.ada.heartbeat",
      JSON.stringify({ agent_id: "ada", instance_id: "run-1", interval_s: 0.3 }),
    );
  beat();
  await waitFor(() => link()?.value === "online", { what: "ada online", saw: link });
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
  beat();
  await waitFor(() => link()?.value === "online", { what: "ada online again", saw: link });
  await ada.close();
  await waitFor(() => link()?.value === "offline", { what: "ada offline", saw: link });
  await server.stop();
});
