// What a person sees of the fleet once its server is gone: what was known last, said as that, and exit code 3.

import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { fetchAgent } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("after its end, ls and show have what serve knew last, as of when, and say on stderr that it is gone", async () => {
  await using dir = await tempDir();
  const args = ["--data-dir", dir.path];
  const nothing = await runCliai(["ls", ...args]);
  expect(nothing).toMatchObject({ code: 3, stdout: "" });
  {
    await using serve = await startServe({ dataDir: dir.path });
    const { natsUrl: url, credsPath } = serve;
    const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
    await using _ = { [Symbol.asyncDispose]: () => bus.close() };
    const heartbeat = { agent_id: "ada", instance_id: "i1", seq: 1, status: "working", current_task: "dig" };
    bus.publish("agent.ada.heartbeat", heartbeat);
    await waitFor(async () => (await fetchAgent(serve, "ada")).status === "working", { what: "ada" });
  }
  const list = () => runCliai(["ls", ...args]);
  const helpMs = await msOf(() => runCliai(["--help"]));
  expect(await leastRatio(10, async () => (await msOf(list)) / helpMs)).toBeLessThanOrEqual(10);
  const listed = await list();
  expect(listed.code).toBe(3);
  expect(listed.stdout).toMatch(/^as of 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\n/);
  expect(listed.stdout).toMatch(/^ada +● working +.* dig$/m);
  expect(listed.stderr).toMatch(
    /^error: no server runs on .*; what is shown is as of 20.*, \d+ s ago\nhint: start it: cliai serve/m,
  );
  const json = await runCliai(["ls", "--json", ...args]);
  const [ada] = JSON.parse(json.stdout) as { as_of: string; status: string }[];
  expect(Math.abs(Date.now() - Date.parse(ada?.as_of ?? ""))).toBeLessThan(300_000);
  expect(ada).toMatchObject({ agent_id: "ada", status: "working" });
  const shown = await runCliai(["show", "ada", ...args]);
  expect(shown).toMatchObject({ code: 3, stdout: expect.stringMatching(/^as of 20.*\nada {2}● working\n/) });
  const unknown = await runCliai(["show", "adda", ...args]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no agent "adda"') });
  expect(await readFile(join(dir.path, "fleet.json"), "utf8")).not.toContain('"token"');
});

test("token url makes no address of a server that is gone, whether it ended or was killed", async () => {
  await using dir = await tempDir();
  const url = () => runCliai(["token", "url", "--data-dir", dir.path]);
  expect(await url()).toMatchObject({ code: 3, stdout: "" });
  await using serve = await startServe({ dataDir: dir.path });
  expect(await url()).toMatchObject({ code: 0 });
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  expect(await readFile(join(dir.path, "serve.json"), "utf8")).toContain(serve.url);
  expect(await url()).toMatchObject({
    code: 3,
    stdout: "",
    stderr: expect.stringMatching(/serve\.json names is gone\nhint: start it: cliai serve/),
  });
  await using _ = await startServe({ dataDir: dir.path });
});

test("after serve was killed, ls and show have what it knew last, and call no agent silent that nobody listens to", async () => {
  await using dir = await tempDir();
  const args = ["--data-dir", dir.path];
  await using serve = await startServe({ dataDir: dir.path });
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  await using _bus = { [Symbol.asyncDispose]: () => bus.close() };
  const heartbeat = {
    agent_id: "ada",
    instance_id: "i1",
    interval_s: 1,
    status: "working",
    current_task: "dig",
  };
  const beating = setInterval(
    () => bus.publish("agent.ada.heartbeat", { ...heartbeat, seq: Date.now() }),
    500,
  );
  await using _beating = { [Symbol.asyncDispose]: async () => clearInterval(beating) };
  const isKept = async () => (await readFile(join(dir.path, "fleet.json"), "utf8")).includes('"ada"');
  await waitFor(isKept, { what: "serve has written what it knows of ada" });
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  clearInterval(beating);
  // Its nats-server runs on, until the next serve ends it. A heartbeat is missed after three intervals.
  const listed = await waitFor(
    async () => {
      const run = await runCliai(["ls", ...args]);
      const age = Number(/ (\d+) s ago$/m.exec(run.stderr)?.[1]);
      return age >= 4 && run;
    },
    { what: "ada has missed three heartbeats since serve knew it last" },
  );
  expect(listed.code).toBe(3);
  expect(listed.stdout).toMatch(/^as of 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\n[\s\S]*^ada +● working +.* dig$/m);
  expect(listed.stderr).toMatch(
    /^error: no server runs on .*: it ended without a word; what is shown is as of 20.*, \d+ s ago\nhint: start it: cliai serve\n$/,
  );
  const [ada] = JSON.parse((await runCliai(["ls", "--json", ...args])).stdout);
  expect(ada).toMatchObject({ agent_id: "ada", status: "working", as_of: expect.stringMatching(/^20/) });
  const shown = await runCliai(["show", "ada", ...args]);
  expect(shown).toMatchObject({ code: 3, stdout: expect.stringMatching(/^as of 20.*\nada {2}● working\n/) });
  await using _next = await startServe({ dataDir: dir.path });
});
