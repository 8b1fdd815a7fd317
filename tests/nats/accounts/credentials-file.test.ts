// A connection whose credentials are refused for a while: it goes on asking, and takes those that the file has by then.
import { describe, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { Events } from "nats";
import { startLink } from "../../../src/agent-link/link.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { startSecureNats } from "../../support/secure-nats.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Counts how often nats-server has refused this connection. */
function countRefusals({ connection }: Bus): () => number {
  let refusals = 0;
  void (async () => {
    for await (const { type, data } of connection.status()) {
      if (type === Events.Error && /AUTH/.test(String(data))) refusals += 1;
    }
  })();
  return () => refusals;
}

describe("readCredentials()", () => {
  test("a connection that is refused three times in a row is back once its file has good credentials", async () => {
    await using nats = await startSecureNats();
    await using dir = await tempDir();
    const credsPath = dir.join("ada.creds");
    const first = await nats.mintAgent("ada");
    await writeFile(credsPath, first.creds);
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const bus = await connectBus({ url: nats.url, name: "ada", credsPath, firstReconnectMs: 50, log });
    const link = startLink(async () => bus, silentLogger);
    const refusals = countRefusals(bus);
    const changes: boolean[] = [];
    bus.onConnection((connected) => changes.push(connected));

    await nats.revoke([first.userKey]);
    await waitFor(() => refusals() >= 3, { what: "three refusals" });
    expect(bus.connection.isClosed()).toBe(false);
    expect(link.trouble()).toContain("NATS refuses");
    expect(link.trouble()).toContain("--creds");
    expect(warnings.filter((text) => text.includes("NATS refuses"))).toHaveLength(1);

    // While the file is written anew it is away, and then half of it is there.
    await rm(credsPath);
    const beforeGone = refusals();
    await waitFor(() => refusals() > beforeGone, { what: "a try without the file" });
    const second = await nats.mintAgent("ada");
    await writeFile(credsPath, second.creds.slice(0, 80));
    const beforeHalf = refusals();
    await waitFor(() => refusals() > beforeHalf, { what: "a try with half the file" });

    await writeFile(credsPath, second.creds);
    await waitFor(() => bus.isConnected() && changes.length > 1, { what: "the connection's return" });
    await bus.flush();
    expect(link.trouble()).toBeUndefined();
    expect(changes).toEqual([false, true]);
    await link.close(0);
  });

  test("the first connection of all is refused at once, by its own words", async () => {
    await using nats = await startSecureNats();
    const { creds, userKey } = await nats.mintAgent("ada");
    await nats.revoke([userKey]);
    const connecting = connectBus({ url: nats.url, name: "ada", creds, log: silentLogger });
    await expect(connecting).rejects.toMatchObject({ code: "refused" });
  });
});
