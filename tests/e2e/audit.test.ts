// `cliai audit` as a user runs it, against a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { type RunningServe, startCliai, startServe } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
let bus: Bus;
beforeAll(async () => {
  serve = await startServe();
  bus = await connectBus({ url: serve.natsUrl, credsPath: serve.credsPath, name: "test", log: silentLogger });
  for (const step of [1, 2, 3])
    bus.publish("agent.ada.status", { status: "working", message: `step ${step}` });
  bus.publish("agent.bob.event", { kind: "prompt", detail: "hello" });
  await waitFor(
    async () => JSON.parse((await verify("--json")).stdout.split("\n").at(-2) ?? "").signed_to >= 4,
    {
      what: "a signed audit",
    },
  );
});
afterAll(async () => {
  await bus.close();
  await serve[Symbol.asyncDispose]();
});

const audit = (...args: string[]) => serve.run(["audit", ...args]);
const verify = (...args: string[]) => audit("verify", ...args);
const linesOf = (text: string) => text.trimEnd().split("\n");

describe("cliai audit", () => {
  test("prints the history, a line a record, and chooses by filters", async () => {
    const { code, stdout, stderr } = await audit("--agent", "ada", "--kind", "status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(linesOf(stdout).map((line) => line.split("  ").slice(-1)[0])).toEqual([
      "working · step 1",
      "working · step 2",
      "working · step 3",
    ]);
    const newest = await audit("--kind", "status", "--limit", "1", "--json");
    expect(JSON.parse(newest.stdout)).toMatchObject({
      subject: "agent.ada.status",
      message: { message: "step 3" },
    });
    const nothing = await audit("--until", "2000-01-01", "--json");
    expect(nothing).toMatchObject({ code: 0, stdout: "" });
  });

  test("follows what comes", async () => {
    const args = ["audit", "--data-dir", serve.dataDir, "--follow", "--agent", "eve", "--json"];
    await using child = await startCliai(args);
    // Until it follows, nobody knows that it does: the message is said again until it is heard.
    const heard = child.line(/"subject":"agent.eve.status"/);
    const saying = setInterval(() => bus.publish("agent.eve.status", { status: "idle" }), 100);
    expect(JSON.parse(await heard)).toMatchObject({ message: { status: "idle" } });
    clearInterval(saying);
  });

  test("verify says that nothing was changed, by the server's own key", async () => {
    const { code, stdout, stderr } = await verify();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("nothing was changed");
    const mode = (await stat(join(serve.dataDir, "keys"))).mode & 0o777;
    const keyMode = (await stat(join(serve.dataDir, "keys", "audit.pem"))).mode & 0o777;
    if (process.platform !== "win32") expect([mode, keyMode]).toEqual([0o700, 0o600]);
  });

  test("an export verifies; a changed byte in it is named, with exit code 1", async () => {
    const file = join(serve.dataDir, "export.jsonl");
    expect(await audit("--export", file)).toMatchObject({ code: 0, stderr: "" });
    expect(await audit("--export", file)).toMatchObject({ code: 2, stdout: "" });
    expect((await verify("--file", file)).code).toBe(0);
    await writeFile(file, (await readFile(file, "utf8")).replace('"step 2"', '"step 9"'));
    const { code, stdout } = await verify("--file", file);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^changed: record \d+, agent\.ada\.status, stored \S+, is not what was signed$/m);
    expect(stdout).toContain("1 trace of tampering");
    const other = await verify("--file", file, "--key", "AAAA", "--json");
    expect(linesOf(other.stdout).map((line) => JSON.parse(line).kind)).toContain("foreign_key");
  });

  test("replay publishes under its prefix, and refuses a live one", async () => {
    const heard: string[] = [];
    bus.subscribe("replay.>", ({ subject }) => heard.push(subject));
    await bus.flush();
    const { code, stdout } = await audit(
      ...[
        "replay",
        "--since",
        "1h",
        "--agent",
        "ada",
        "--kind",
        "status",
        "--speed",
        "0",
        "--to",
        "replay.x",
        "--json",
      ],
    );
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, to: "replay.x.>", replayed: 3 });
    await waitFor(() => heard.length === 3, { what: "all three" });
    expect(new Set(heard)).toEqual(new Set(["replay.x.agent.ada.status"]));
  });

  test.each([
    [["verfy"], 'audit has no "verfy"', "did you mean verify?"],
    [["--kind", "statsu"], 'there is no kind of record "statsu"', "did you mean status"],
    [["--since", "soon"], '--since "soon" is neither a time nor a duration', "--since 2h"],
    [["--since", "1h", "--until", "2h"], "--since 1h is later than --until 2h", ""],
    [["--limit", "0"], '--limit "0" must be a whole number', ""],
    [["--speed", "2"], "--speed is not for reading", "cliai audit replay --speed"],
    [["verify", "--agent", "ada"], "--agent is not for audit verify", ""],
    [["verify", "--stream", "NONE"], 'no stream "NONE" on this NATS server', ""],
    [["replay"], "replay needs --since", "cliai audit replay --since"],
    [
      ["replay", "--since", "1h", "--to", "agent.ada"],
      '"agent.ada" cannot be the prefix of a replay',
      "--to replay.night",
    ],
    [["--follow", "--until", "1h"], "--follow and --until contradict each other", ""],
  ])("%j ends with 2 and says why", async (args, message, hint) => {
    const { code, stdout, stderr } = await audit(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain(hint);
  });
});
