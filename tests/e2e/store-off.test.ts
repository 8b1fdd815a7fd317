// JetStream is off, as nats-server leaves it when it can write no more, and serve lives: a client says what serve says of it.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { takeLock } from "../../src/data-dir/serve-lock.ts";
import { startChild } from "../support/child.ts";
import { runCliai } from "../support/cliai.ts";
import { testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";

const reason = "nothing can be stored: the disk of /data/nats is full";

test("send and doctor give the store's reason, not that nobody is there; a serve that is well changes nothing", async () => {
  await using dir = await tempDir();
  await using nats = await startChild(await testNatsServer(), ["--addr", "127.0.0.1", "--port", "-1"]);
  const line = await nats.line(/client connections on/, { from: "stderr" });
  const nats_url = `nats://${/on (\S+)$/.exec(line.trim())?.[1]}`;
  let isFull = true;
  const answers = () =>
    isFull
      ? Response.json({ ready: false, reason, nats: { connected: true } }, { status: 503 })
      : Response.json({ ready: true, nats: { connected: true } });
  await using http = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => (url.endsWith("/readyz") ? answers() : Response.json({ instance: "i" })),
  });
  const serve = { url: http.url.href, nats_url, data_dir: dir.path, instance: "i", pid: process.pid };
  const file = { ...serve, version: "0.0.0-test", nats_version: "0" };
  await writeFile(dir.join("serve.json"), JSON.stringify(file), { mode: 0o600 });
  // A serve that lives holds its data directory.
  await using held = new AsyncDisposableStack();
  held.defer(await takeLock(dir.path, { url: serve.url, instance: serve.instance }));
  const dataDir = ["--data-dir", dir.path];

  const sent = await runCliai(["send", "stop", "ada", "--json", ...dataDir]);
  expect(sent).toMatchObject({ code: 1, stdout: "" });
  expect(JSON.parse(sent.stderr)).toMatchObject({ error: { code: "store_unavailable", message: reason } });
  const { stdout } = await runCliai(["doctor", "--json", ...dataDir]);
  expect(JSON.parse(stdout).checks).toContainEqual(
    expect.objectContaining({ check: "nats", ok: false, message: reason }),
  );

  isFull = false;
  const other = await runCliai(["send", "stop", "ada", "--json", ...dataDir]);
  expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: "server_unreachable" } });
});
