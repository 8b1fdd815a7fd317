// A data directory of an older cliai opens and is brought up to date; one of a newer cliai is refused.
import { expect, test } from "bun:test";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildInfo } from "../../src/build-info.ts";
import { layoutVersion } from "../../src/domain/layout.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { makeLayoutOne } from "../support/layout-one.ts";
import { startTestNats } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

async function configsOf(natsUrl: string) {
  const bus = await connectBus({ url: natsUrl, name: "test", log: silentLogger });
  try {
    const { streams } = await bus.connection.jetstreamManager();
    return await Promise.all(["COMMANDS", "AUDIT"].map(async (name) => (await streams.info(name)).config));
  } finally {
    await bus.close();
  }
}

const newer = layoutVersion + 1;

const statesOf = async (serve: RunningServe, id: string) =>
  (await fetchAgent(serve, "ada")).commands
    .find(({ command_id }) => command_id === id)
    ?.receipts.map(({ state }) => state);

test("a directory of 0.1.0 keeps its history, delivers what waited, and stops nobody by an old stop", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await makeLayoutOne(dataDir);
  const copy = join(dataDir, `before-layout-${layoutVersion}.tar`);
  await writeFile(copy, "no copy");
  await using serve = await startServe({ dataDir, args: ["--insecure"] });
  const path = join(dataDir, "layout.json");
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    layout: layoutVersion,
    written_by: buildInfo.version,
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const checked = JSON.parse((await runCliai(["restore", copy, "--check", "--json"])).stdout);
  expect(checked).toMatchObject({ restored: false, part: "keys and buckets" });
  expect(checked.streams.map(({ name }: { name: string }) => name)).toEqual([
    "KV_serve",
    "KV_agents",
    "KV_requests",
  ]);
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  const configs = await configsOf(serve.natsUrl);
  expect(configs.map(({ metadata }) => metadata?.["cliai-layout"])).toEqual([
    String(layoutVersion),
    String(layoutVersion),
  ]);
  expect(configs[1]?.duplicate_window ?? 0).toBe(0);
  expect(await statesOf(serve, "done")).toEqual(["stored", "delivered", "applied"]);

  await using bridge = await startBridge(serve, "ada");
  const isOver = async () => (await statesOf(serve, "old-stop"))?.includes("failed");
  await waitFor(isOver, { what: "the old stop's end", saw: () => statesOf(serve, "old-stop") });
  await waitFor(async () => (await statesOf(serve, "waits"))?.includes("delivered"), { what: "the task" });
  expect((await fetchAgent(serve, "ada")).axes.link.value).toBe("online");
  const again = await serve.run(["send", "task", "ada", "second", "--id", "waits", "--wait", "stored"]);
  expect(again).toMatchObject({ code: 0 });
  const other = await serve.run(["send", "task", "ada", "third", "--id", "waits", "--wait", "stored"]);
  expect(other).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("stored before, with another text"),
  });
  const audit = await serve.run(["audit", "--agent", "ada", "--json"]);
  expect(audit.stdout.match(/"subject":"agent\.ada\.command"/g)?.length).toBe(3);
  await bridge.endInput();
});

test("a directory of a newer layout, or whose layout cannot be read, is refused before anything in it is made", async () => {
  await using dir = await tempDir();
  for (const [text, message] of [
    [
      JSON.stringify({ layout: newer, written_by: "9.9.9" }),
      new RegExp(
        `^error: the data directory .* has layout ${newer}, of cliai 9\\.9\\.9: .*layout ${layoutVersion}$`,
        "m",
      ),
    ],
    ["{}", /^error: .*layout\.json does not say which layout the data has$/m],
  ] as const) {
    const dataDir = dir.join(`data-${text.length}`);
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, "layout.json"), text);
    const run = await runCliai(["serve", "--data-dir", dataDir, "--port", "0", "--nats-port", "0"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.match(/^hint: /gm)?.length).toBe(1);
    expect(await readFile(join(dataDir, "layout.json"), "utf8")).toBe(text);
    await expect(stat(join(dataDir, "nats"))).rejects.toMatchObject({ code: "ENOENT" });
  }
});

test("streams of a newer layout on somebody else's NATS server are refused, and left as they are", async () => {
  await using nats = await startTestNats();
  await using dir = await tempDir();
  const { streams } = await (await nats.bus()).connection.jetstreamManager();
  const metadata = { "cliai-layout": String(newer) };
  await streams.add({ name: "COMMANDS", subjects: ["agent.*.command"], metadata });
  const args = ["serve", "--nats-url", nats.url, "--insecure", "--port", "0", "--data-dir", dir.join("data")];
  const run = await runCliai(args);
  expect(run).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`the stream COMMANDS has layout ${newer}`),
  });
  expect((await streams.info("COMMANDS")).config.subjects).toEqual(["agent.*.command"]);
});
