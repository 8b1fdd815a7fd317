// A second machine, with a data directory of its own: it joins, is here, ends, comes back, and is revoked.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { fetchAgent } from "../support/bridges.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { runCliai, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

test("a machine joins by the line that join-code prints, and its node ends, comes back and is revoked", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();

  const there = (...args: readonly string[]) =>
    runCliai([...args, "--data-dir", dir.join("data")], { env: { CLIAI_HEARTBEAT: "0.5" } });
  const nodes = async () => JSON.parse((await serve.run(["nodes", "--json"])).stdout);
  expect(await serve.run(["nodes"])).toMatchObject({
    ...{ code: 0, stdout: "", stderr: "no machine has joined; to have one join: cliai join-code\n" },
  });

  const printed = await serve.run(["join-code", "--for", "5m"]);
  const [line = ""] = printed.stdout.split("\n");
  expect(line).toMatch(/^cliai join nats:\/\/127\.0\.0\.1:\d+ cliai_join_[\w-]{48}$/);
  expect(printed.stderr).toContain("run this line on the other machine before ");
  expect(printed.stderr).toContain("ssh -N -L ");
  const [, ...join] = line.split(" ");
  expect(await there(...join, "--name", "laptop")).toMatchObject({
    ...{ code: 0, stdout: `this machine has joined as the node laptop (data in ${dir.join("data")})\n` },
    stderr: expect.stringMatching(/^it runs in the background \(pid \d+\); to end it: cliai down/),
  });
  await until("the node is here", async () => (await nodes())[0]?.state === "here");
  expect((await serve.run(["nodes"])).stdout).toMatch(/^node +machine +state .*\nlaptop .* here /);
  expect(await there("node")).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining("the node laptop runs already") },
  });

  // Its directory is no server's, and no command starts one there.
  const start = { env: { CLIAI_NO_START: undefined } };
  for (const args of [["ls"], ["inbox"], ["spawn", "demo", "--on", "laptop"], ["serve"]]) {
    const run = await runCliai([...args, "--data-dir", dir.join("data")], start);
    expect([args, run.stderr]).toEqual([args, expect.stringMatching(/the node laptop\nhint: /)]);
  }

  expect(await there("down")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("its node has ended"),
  });
  await until("the node is away", async () => (await nodes())[0]?.state === "away");
  expect(existsSync(dir.join("data", "node-run.json"))).toBe(false);
  await using node = await startCliai(["node", "--data-dir", dir.join("data")], {
    env: { CLIAI_HEARTBEAT: "0.5" },
  });
  await until("the node is back", async () => (await nodes())[0]?.state === "here");

  expect(await serve.run(["nodes", "revoke", "laptop"])).toMatchObject({
    code: 0,
    stderr: "laptop is revoked\n",
  });
  expect(await nodes()).toEqual([]);
  await node.line(/the hub no longer takes the node laptop/, { from: "stderr" });

  // It tries on, and still holds the directory. To join again, that is all that is to be done there.
  await rm(dir.join("data", "node.json"));
  const { url, code } = JSON.parse((await serve.run(["join-code", "--json"])).stdout);
  const again = await there("join", url, code, "--name", "laptop", "--json");
  expect(again).toMatchObject({ code: 0 });
  expect(JSON.parse(again.stdout)).toMatchObject({ node: "laptop", pid: expect.any(Number) });
  await node.exit();
  await until("the node is here again", async () => (await nodes())[0]?.state === "here");
  expect(await there("down")).toMatchObject({ code: 0 });
});

test("join refuses what is no code, and node a machine that has not joined, each in one line with a hint", async () => {
  await using dir = await tempDir();
  const run = (...args: readonly string[]) => runCliai([...args, "--data-dir", dir.join("data")]);
  expect(await run("join", "nats://127.0.0.1:1", "cliai_join_x")).toMatchObject({
    code: 2,
    stderr:
      'error: "cliai_join_x" is not a join code, or not a whole one\nhint: paste the whole line that cliai join-code has printed: cliai join URL CODE\n',
  });
  expect(await run("node")).toMatchObject({
    code: 2,
    stderr: `error: this machine has not joined a fleet with ${dir.join("data")}\nhint: on the server's machine: cliai join-code; here, the line that it prints\n`,
  });
});

test("an agent is launched on a node, keeps its pause while the link is cut, and outlives the node", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "count the files", once: true, turn: { text: "There are seven." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  await using serve = await startServe();
  await using link = await startTcpProxy(() => Number(new URL(serve.natsUrl).port));
  const dataDir = dir.join("data");

  const there = (...args: readonly string[]) =>
    runCliai([...args, "--data-dir", dataDir], { env: { ...env, CLIAI_HEARTBEAT: "0.5" } });
  const url = `nats://127.0.0.1:${link.port}`;
  const join = async (name: string, ...more: readonly string[]) => {
    const { code } = JSON.parse((await serve.run(["join-code", "--json", ...more])).stdout);
    return await there("join", url, code, "--name", name);
  };
  const onLaptop = ["spawn", "demo", "--on", "laptop", "--project", work];
  expect(await serve.run(onLaptop)).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('there is no node "laptop"') },
  });
  expect(await join("laptop", "--spawn")).toMatchObject({ code: 0 });
  const nodeState = async () => JSON.parse((await serve.run(["nodes", "--json"])).stdout)[0]?.state;
  await until("the node is here", async () => (await nodeState()) === "here");
  // What is wrong there is told here.
  const nowhere = await serve.run(["spawn", "demo", "--on", "laptop", "--project", "/nowhere"]);
  expect(nowhere.stderr).toContain('project "/nowhere" is not a directory on the node laptop');

  await writeFile(`${dataDir}/profiles.json`, '{"demo":{"budget":"500/day"}}');
  const spawned = await serve.run([...onLaptop, "--id", "ada", "--task", "count the files", "--wait"]);
  // The node has told the budget of its profile, and serve keeps it.
  expect(JSON.parse((await serve.run(["budget", "--json"])).stdout)).toMatchObject([
    { scope: { kind: "agent", name: "ada" }, amount: 500, per: "day", made_by: "node laptop" },
  ]);
  expect(spawned).toMatchObject({ code: 0, stdout: expect.stringContaining("There are seven.") });
  const agent = () => fetchAgent(serve, "ada");
  expect(existsSync(`${dataDir}/agents/ada/nats.creds`)).toBe(true);
  expect(existsSync(`${serve.dataDir}/agents/ada/nats.creds`)).toBe(false);
  expect(await serve.run(["send", "pause", "ada", ...untilApplied])).toMatchObject({ code: 0 });
  link.cut();
  await until("the node is away", async () => (await nodeState()) === "away");
  await until("its agent is away", async () => (await agent()).axes.link.value !== "online");
  link.mend();
  await until("the node is back", async () => (await nodeState()) === "here");
  await until("its agent is back", async () => (await agent()).axes.link.value === "online");
  expect((await agent()).axes.control.value).toBe("paused");

  expect(await there("down")).toMatchObject({ code: 0 });
  await until("the node is away", async () => (await nodeState()) === "away");
  expect((await agent()).axes.link.value).toBe("online");
  expect((await serve.run([...onLaptop, "--id", "bob"])).stderr).toContain("the node laptop is away");
  // It is paused, so it is stopped without its approval.
  expect(await serve.run(["send", "stop", "ada", "--force", ...untilApplied])).toMatchObject({ code: 0 });
  await until("its credentials have ended with it", async () =>
    (await serve.run(["agents", "ls", "--json"])).stdout.includes('"state":"revoked"'),
  );
});
