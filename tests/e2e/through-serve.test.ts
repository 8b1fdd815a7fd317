// Short commands run inside the server; and over NATS, with the same words, where the server does not answer.
import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { agentOn } from "../support/agent-fixture.ts";
import { backgroundEnv } from "../support/background-serve.ts";
import { fetchAgent } from "../support/bridges.ts";
import { type RunningServe, startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

/** Makes a command run in its own process, whatever serve does. */
const byItself = { env: { CLIAI_LOG: "warn" } };

/** An agent without a host, which takes no order by itself. */
async function startAda(serve: RunningServe, parts: AsyncDisposableStack): Promise<Bus> {
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  parts.defer(() => bus.close());
  bus.publish("agent.ada.heartbeat", { agent_id: "ada", instance_id: "i1", seq: 1, interval_s: 3_600 });
  await until("ada is known", async () => (await fetchAgent(serve, "ada")).agent_id === "ada");
  const bucket = await bus.connection.jetstream().views.kv("agents");
  await until("ada is stored", async () => (await bucket.get("ada")) !== null);
  return bus;
}

interface SeenOrder {
  readonly command_id: string;
  readonly token: string;
}

/** The first order that comes for ada from now on. */
function orderOf(bus: Bus): Promise<SeenOrder> {
  const { promise, resolve } = Promise.withResolvers<SeenOrder>();
  bus.subscribe("agent.ada.command", ({ data }) => resolve(JSON.parse(new TextDecoder().decode(data))));
  return promise;
}

function statesIn(stdout: string): readonly string[] {
  return stdout.split("\n").flatMap((text) => (text === "" ? [] : [JSON.parse(text).state]));
}

/** Whoever connects to NATS by serve.json fails from now on. */
async function spoilCredentials({ dataDir }: RunningServe): Promise<void> {
  const path = join(dataDir, "serve.json");
  const file = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...file, nats_creds: join(dataDir, "none.creds") }));
}

describe("a command through the server", () => {
  test("needs neither NATS nor its credentials, and says what the command itself says", async () => {
    await using parts = new AsyncDisposableStack();
    const serve = parts.use(await startServe());
    const bus = await startAda(serve, parts);
    const question = { question: "Which file?", wait_s: 0 };
    const { request_id } = await agentOn(bus, "ada").result("ask_human", question);
    const calls = [
      ["ls", "-q"],
      ["show", "adda"],
      ["inbox", "--json"],
      ["send", "pause", "nobody", "--json"],
      ["ls", "--nonsense"],
    ];
    const itself = [];
    for (const call of calls) itself.push(await serve.run(call, byItself));
    expect(itself.map(({ code }) => code)).toEqual([0, 2, 0, 2, 2]);

    await spoilCredentials(serve);
    expect((await serve.run(["ls", "-q"], byItself)).code).not.toBe(0);
    for (const [index, call] of calls.entries())
      expect(await serve.run(call)).toEqual(itself[index] as (typeof itself)[number]);
    const sent = await serve.run(["send", "task", "ada", "dig", "--wait", "stored", "--json"]);
    expect(JSON.parse(sent.stdout)).toMatchObject({ agent_id: "ada", state: "stored" });
    const answered = await serve.run(["answer", String(request_id), "all", "--timeout", "0"]);
    expect(answered).toMatchObject({ code: 0, stderr: "" });
    expect(answered.stdout).toStartWith("answered ada: all\n");
    // It prints nothing to whoever has gone, and is interrupted like any command.
    const waiting = parts.use(
      await startCliai(["send", "task", "ada", "dig", "--wait", "seen", "--data-dir", serve.dataDir]),
    );
    await waiting.line(/stored/);
    waiting.kill("SIGINT");
    expect(await waiting.exit()).toMatchObject({ code: 130, stderr: "error: interrupted\n" });
  });

  test("goes by NATS past a server that is stuck, and its order is stored once when the server goes on", async () => {
    await using parts = new AsyncDisposableStack();
    const serve = parts.use(await startServe());
    await startAda(serve, parts);
    serve.child.kill("SIGSTOP");
    parts.defer(() => serve.child.kill("SIGCONT"));
    const sent = await serve.run(["send", "task", "ada", "only once", "--wait", "stored", "--json"]);
    expect(sent.code).toBe(0);
    expect(JSON.parse(sent.stdout)).toMatchObject({ agent_id: "ada", state: "stored" });
    serve.child.kill("SIGCONT");
    const again = await serve.run(["send", "task", "ada", "after it", "--wait", "stored"]);
    expect(again.code).toBe(0);
    const known = async () => (await fetchAgent(serve, "ada")).commands.map(({ summary }) => summary);
    await until("both are known", async () => (await known()).includes("after it"));
    expect(await known()).toEqual(["only once", "after it"]);
  });

  test("goes on by NATS when the server dies in the middle, and prints no receipt twice", async () => {
    await using parts = new AsyncDisposableStack();
    const dataDir = parts.use(await tempDir()).join("data");
    const serve = parts.use(await startServe({ dataDir }));
    const bus = await startAda(serve, parts);
    const order = orderOf(bus);
    await bus.flush();
    const args = ["send", "task", "ada", "go on", "--wait", "applied", "--timeout", "80", "--json"];
    const sending = parts.use(await startCliai([...args, "--data-dir", serve.dataDir]));
    await sending.line(/"stored"/);
    const { command_id, token } = await order;
    serve.child.kill("SIGKILL");
    await serve.child.exit();
    await sending.line(/no serve answers/, { from: "stderr" });
    const report = (state: string) =>
      bus.publishStored("agent.ada.receipt", { command_id, token, run: "i1", state });
    // Without a serve, only those receipts are known that the command hears itself. It listens soon after that note.
    let isHeard = false;
    const hearing = sending.line(/"delivered"/).then(() => {
      isHeard = true;
    });
    await until("the receipt is heard", async () => {
      await report("delivered");
      return isHeard;
    });
    await hearing;
    await report("applied");
    const { code, stdout } = await sending.exit();
    expect([code, statesIn(stdout)]).toEqual([0, ["stored", "delivered", "applied"]]);
    // Nobody answers any more: both ways say so.
    const [through, itself] = [await serve.run(["ls", "-q"]), await serve.run(["ls", "-q"], byItself)];
    const ageless = ({ code: exit, stdout: out, stderr }: typeof through) => [
      exit,
      out,
      stderr.replaceAll(/\d+ s ago/g, "SPAN"),
    ];
    expect(ageless(through)).toEqual(ageless(itself));
    expect(through.code).toBe(3);
    // It also ends the nats-server that the first one has left.
    const next = parts.use(await startServe({ dataDir }));
    const { commands } = await fetchAgent(next, "ada");
    expect(commands.map(({ summary, receipts }) => [summary, receipts.map(({ state }) => state)])).toEqual([
      ["go on", ["stored", "delivered", "applied"]],
    ]);
  });

  test("waits on when the server ends in order, starts none, and hears from the next one", async () => {
    await using parts = new AsyncDisposableStack();
    const dataDir = parts.use(await tempDir()).join("data");
    const first = parts.use(await startServe({ dataDir }));
    const args = ["send", "task", "ada", "go on", "--wait", "delivered", "--timeout", "80", "--json"];
    const ada = await startAda(first, parts);
    const order = orderOf(ada);
    await ada.flush();
    const sending = parts.use(await startCliai([...args, "--data-dir", dataDir], { env: backgroundEnv }));
    await sending.line(/"stored"/);
    const { command_id, token } = await order;
    first.child.kill("SIGTERM");
    expect((await first.child.exit()).code).toBe(0);
    const next = parts.use(await startServe({ dataDir }));
    const { natsUrl: url, credsPath } = next;
    const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
    parts.defer(() => bus.close());
    await bus.publishStored("agent.ada.receipt", { command_id, token, run: "i1", state: "delivered" });
    const { code, stdout, stderr } = await sending.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(statesIn(stdout)).toEqual(["stored", "delivered"]);
  });
});
