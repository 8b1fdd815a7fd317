// Revoked credentials: void at once on a living connection, and after nats-server has died and come back.
import { expect, test } from "bun:test";
import { startSecureNats } from "../support/secure-nats.ts";
import { waitFor } from "../support/wait-for.ts";

test("a revoked agent's living connection ends at once, another's stays, and neither a new one nor a restart helps it", async () => {
  await using nats = await startSecureNats();
  const [ada, bob, eve] = await Promise.all(["ada", "bob", "eve"].map((id) => nats.mintAgent(id)));
  if (ada === undefined || bob === undefined || eve === undefined) throw new Error("three were minted");
  const own = await nats.connectRaw(ada.creds, { name: "ada", reconnect: false });
  const other = await nats.connectRaw(bob.creds, { name: "bob", reconnect: false });

  await nats.revoke([ada.userKey]);
  await own.closed();
  expect(other.isClosed()).toBe(false);
  await other.flush();
  const again = () => nats.connectRaw(ada.creds, { name: "ada", reconnect: false });
  await expect(again()).rejects.toThrow("Authorization Violation");

  // A second one within the same second: no older claims may win over it.
  const late = await nats.connectRaw(eve.creds, { name: "eve", reconnect: false });
  await nats.revoke([ada.userKey, eve.userKey]);
  await late.closed();

  const pid = nats.server.pid();
  if (pid === undefined) throw new Error("no nats-server runs");
  process.kill(pid, "SIGKILL");
  const bobAgain = () => nats.connectRaw(bob.creds, { name: "bob", reconnect: false });
  await waitFor(() => (nats.server.restarts() === 0 ? undefined : bobAgain()), {
    what: "nats-server is back, and takes bob",
  });
  await expect(again()).rejects.toThrow("Authorization Violation");
});

test("without credentials, or with those of another operator, nobody gets in", async () => {
  await using nats = await startSecureNats();
  await using foreign = await startSecureNats();
  const { creds } = await foreign.mintAgent("ada");
  await expect(nats.connectRaw(creds)).rejects.toThrow("Authorization Violation");
  await expect(nats.connectRaw("")).rejects.toThrow();
});
