// `cliai status` and `cliai down`: what a server in the background says of itself, and its end.
import { expect, test } from "bun:test";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { backgroundEnv, endsServeOf } from "../support/background-serve.ts";
import { startBridge } from "../support/bridges.ts";
import { runCliai, startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

const env = backgroundEnv;

/** Not so of one that has ended and was not waited for. */
const isAlive = async (pid: number) => (await readProcessStart(pid)) !== undefined;

test("status says where the server is, its log is printed and followed, and down ends it in order", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using _ = endsServeOf(dataDir);
  const cliai = (...args: string[]) => runCliai([...args, "--data-dir", dataDir], { env });
  const absent = await cliai("status");
  expect([absent.code, absent.stdout]).toEqual([
    3,
    `no server runs on ${dataDir}; start it: cliai serve --detach\nagents on this machine: none\n`,
  ]);
  expect(JSON.parse((await cliai("status", "--json")).stdout)).toMatchObject({
    running: false,
    ready: false,
  });

  const ready = JSON.parse((await cliai("serve", "--detach", "--json")).stdout);
  const { code, stdout } = await cliai("status");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^cliai \d+\.\d+\.\d+(-dev)? runs at http:\/\/127\.0\.0\.1:\d+ \(pid \d+, for \d+ s\)\n/,
  );
  expect(stdout).toContain(`at ${ready.url} (pid ${ready.pid}`);
  expect(stdout).toContain(`at ${ready.nats_url}, data in ${dataDir}\nagents on this machine: none\n`);
  expect(JSON.parse((await cliai("status", "--json")).stdout)).toMatchObject({
    ...{ running: true, ready: true, pid: ready.pid, url: ready.url, data_dir: dataDir, agents: [] },
    log: join(dataDir, "logs", "serve.log"),
  });

  expect((await cliai("status", "--log")).stdout).toContain(`ready at ${ready.url}`);
  const entries = (await cliai("status", "--log", "--json")).stdout.trimEnd().split("\n");
  expect(entries.map((line) => JSON.parse(line))).toContainEqual({
    ...{ at: expect.stringMatching(/^20.*Z$/), level: "info" },
    text: expect.stringContaining(`ready at ${ready.url}`),
  });
  {
    await using following = await startCliai(["status", "--log", "--follow", "--data-dir", dataDir], { env });
    await following.line(`ready at ${ready.url}`);
    await appendFile(ready.log, "one line more\n");
    await following.line("one line more");
    await writeFile(ready.log, "after the cut\n");
    await following.line("after the cut");
  }

  const down = await cliai("down");
  expect([down.code, down.stdout, await isAlive(ready.pid)]).toEqual([
    0,
    `the server has ended (pid ${ready.pid})\n`,
    false,
  ]);
  expect((await cliai("status")).code).toBe(3);
  const again = await cliai("down");
  expect([again.code, again.stdout, again.stderr]).toEqual([0, "", `no server runs on ${dataDir}\n`]);
  expect(JSON.parse((await cliai("down", "--json")).stdout)).toEqual({ ended: false, data_dir: dataDir });
});

test("status and spawn say that an older server runs, and how it is restarted", async () => {
  await using serve = await startServe();
  const path = join(serve.dataDir, "serve.json");
  const server = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...server, version: "0.1.0" }));
  const line = `0.1.0 runs (pid ${server.pid}); restart it: cliai down && cliai serve --detach`;
  expect((await serve.run(["status"])).stdout).toContain(`\n${line}\n`);
  expect(JSON.parse((await serve.run(["status", "--json"])).stdout)).toMatchObject({ restart: line });
  const spawned = await serve.run(["spawn", "demo", "dig", "--id", "ada"], { env: { PATH: "/nonexistent" } });
  expect(spawned.stderr).toStartWith(`${line}\nstarting ada `);
  expect((await serve.run(["doctor"])).stdout).toContain(`0.1.0 runs (pid ${server.pid})`);
});

test("down ends the process that the lock names, and no other that has its number", async () => {
  await using serve = await startServe();
  const path = join(serve.dataDir, "serve.lock");
  const holder = JSON.parse(await readFile(path, "utf8"));
  await using other = await startCliai(["status", "--follow", "--data-dir", serve.dataDir]);
  await writeFile(path, JSON.stringify({ ...holder, pid: other.pid }));
  const refused = await serve.run(["down"]);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain(`cannot find the process that holds ${serve.dataDir}`);
  expect(await isAlive(other.pid)).toBe(true);
  await writeFile(path, JSON.stringify(holder));
  expect((await serve.run(["down"])).code).toBe(0);
  expect(await serve.child.exit()).toMatchObject({ code: 0 });
});

test("down --agents stops the agents first, and says what became of each", async () => {
  await using serve = await startServe();
  await using ada = await startBridge(serve, "ada");
  await using bob = await startBridge(serve, "bob");
  const down = await serve.run(["down", "--agents", "--json"]);
  expect([down.code, JSON.parse(down.stdout)]).toMatchObject([
    0,
    {
      ended: true,
      agents: [
        { agent_id: "ada", outcome: "stopped" },
        { agent_id: "bob", outcome: "stopped" },
      ],
    },
  ]);
  expect(down.stderr).toBe("stopping ada, bob (within 90 s; --force does not wait)\n");
  expect(await ada.exit()).toMatchObject({ code: 0 });
  expect(await bob.exit()).toMatchObject({ code: 0 });
  expect(await serve.child.exit()).toMatchObject({ code: 0 });
});
