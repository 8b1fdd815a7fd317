// The disk of the store is full, and has space again: on a file system of its own, in a mount namespace of its own (Linux).
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { Check } from "../../src/domain/system/check.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, runCliai } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Runs the rest of its arguments over a small store; fills it when the file `fill` is there, and frees it with `free`. */
const overSmallStore = `
dir=$1; shift
mount -t tmpfs -o size=160m tmpfs "$dir/data/nats" || exit 1
(
  while [ ! -e "$dir/fill" ]; do sleep 0.1; done
  cat /dev/zero > "$dir/data/nats/filler" 2>/dev/null
  while [ ! -e "$dir/free" ]; do sleep 0.1; done
  rm "$dir/data/nats/filler"
) &
exec "$@"
`;

test("a full disk: not ready, refused with the reason, on the page too; with space again all is back by itself", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("data", "nats"), { recursive: true, mode: 0o700 });
  const serve = [...cliaiCommand(), "serve", "--port", "0", "--nats-port", "0", "--json"];
  const args = [
    ...serve,
    "--data-dir",
    dir.join("data"),
    "--audit-max-bytes",
    "64MB",
    "--transcript-max-bytes",
    "16MB",
  ];
  await using child = await startChild(
    "unshare",
    ["--user", "--map-root-user", "--mount", "sh", "-c", overSmallStore, "sh", dir.path, ...args],
    { stdin: "ignore" },
  );
  const { url } = JSON.parse(await child.line(/"ready":true/)) as { url: string };
  const token = (await readFile(dir.join("data", "keys", "http-token"), "utf8")).trim();
  const request = (path: string, body?: object) =>
    fetch(url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const order = (text: string) => request("/api/agents/ada/commands", { type: "task", text });
  const isReady = async () => (await request("/readyz")).ok;

  expect((await request("/api/heartbeat", { agent_id: "ada", status: "idle" })).status).toBe(200);
  await waitFor(async () => (await request("/api/agents/ada")).ok, { what: "ada" });
  expect((await order("before")).status).toBe(202);

  await writeFile(dir.join("fill"), "");
  const reason = async () => ((await (await request("/readyz")).json()) as { reason?: string }).reason;
  await waitFor(async () => (await reason())?.includes("is full"), {
    what: "the full disk is noticed",
    saw: async () => `${await reason()}; ${child.stderr}`,
  });
  expect(await isReady()).toBe(false);
  const refused = await order("refused");
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain("is full");
  expect(await (await request("/")).text()).toContain("is full");
  const dataDir = ["--data-dir", dir.join("data")];
  // More than fits.
  const sent = await runCliai([
    ...["send", "task", "ada", "x".repeat(100_000), "--wait", "stored"],
    ...dataDir,
  ]);
  expect(sent).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("is full") });
  // Where the disk of the store is seen: from within.
  const within = ["--target", String(child.pid), "--user", "--mount", "--preserve-credentials"];
  await using doctor = await startChild(
    "nsenter",
    [...within, ...cliaiCommand(), "doctor", "--json", ...dataDir],
    { stdin: "ignore" },
  );
  const { code, stdout } = await doctor.exit();
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  expect(code).toBe(1);
  const checkOf = (name: string) => checks.find(({ check }) => check === name);
  expect(checkOf("ready")).toMatchObject({ ok: false, message: expect.stringContaining("is full") });
  expect(checkOf("disk")).toMatchObject({
    ok: false,
    message: expect.stringContaining(dir.join("data", "nats")),
  });

  await writeFile(dir.join("free"), "");
  await waitFor(isReady, { what: "ready again", saw: () => child.stderr });
  await waitFor(async () => (await order("after")).status === 202, { what: "a command is taken" });
  const texts = async () => {
    const { commands } = (await (await request("/api/agents/ada")).json()) as {
      commands: { summary: string }[];
    };
    return commands.map(({ summary }) => summary);
  };
  await waitFor(async () => (await texts()).length === 2, { what: "both commands" });
  expect(await texts()).toEqual(["before", "after"]);
});
