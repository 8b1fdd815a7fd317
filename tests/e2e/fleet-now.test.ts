// The commands say of an agent what serve says of it now, though the bucket `agents` is written later.
import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect, credsAuthenticator } from "nats";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { silentAfterMs } from "../../src/domain/fleet/axis/link.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { ada } from "../support/agents.ts";
import { fetchAgent } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";

const orders = 60;
const interval_s = 0.5;

test("an agent whose heartbeats are not written yet is online to ls, show, send and spawn", async () => {
  await using serve = await startServe();
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => bus.close());
  let seq = 0;
  const beat = () => {
    const run = { agent_id: ada, instance_id: "i1", seq: ++seq };
    bus.publish("agent.ada.heartbeat", { ...run, interval_s, status: "idle" });
  };
  beat();
  const beating = setInterval(beat, interval_s * 1000);
  parts.defer(() => clearInterval(beating));
  for (let n = 0; n < orders; n += 1)
    await storeCommand(
      bus,
      { id: ada, type: "task", text: "x", from: "me", command_id: `c${n}` },
      new Date(),
    );
  await waitFor(async () => (await fetchAgent(serve, "ada")).commands.length === orders, {
    what: "its tasks",
  });

  const kv = await bus.connection.jetstream().views.kv("agents");
  const isStoredSilent = async () => {
    const { heartbeat, commands } = (await kv.get("ada"))?.json<AgentRecord>() ?? {};
    if (heartbeat === undefined || commands?.length !== orders) return false;
    return Date.now() - Date.parse(heartbeat.at) > silentAfterMs(heartbeat) + 2_000;
  };
  await waitFor(isStoredSilent, { what: "the bucket is behind" });

  const linkOf = (agent: { axes: { link: { value: string } } } | undefined) => agent?.axes.link.value;
  const ls = await serve.run(["ls", "--json"]);
  expect([linkOf(JSON.parse(ls.stdout)[0]), ls.stderr]).toEqual(["online", ""]);
  expect(linkOf(JSON.parse((await serve.run(["show", "ada", "--json"])).stdout))).toBe("online");
  const elsewhere = await runCliai(["ls", "--json", "--url", url, "--creds", credsPath ?? ""]);
  expect(linkOf(JSON.parse(elsewhere.stdout)[0])).toBe("online");
  const again = await serve.run(["spawn", "--id", "ada", "--dry-run"]);
  expect(again.stderr).toContain('the agent "ada" is online already');
  expect(await isStoredSilent()).toBe(true);
  const all = await serve.run(["send", "pause", "--all", "--wait", "stored"]);
  expect(all).toMatchObject({ code: 0, stderr: "pause to ada\n" });
});

test("two serves over one NATS: either answers, and ls has the fleet once", async () => {
  await using serve = await startServe();
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => bus.close());
  bus.publish("agent.ada.heartbeat", { agent_id: ada, interval_s: 60, status: "idle" });
  await waitFor(() => fetchAgent(serve, "ada"), { what: "ada is known" });
  const external = ["--nats-url", url, "--nats-creds", credsPath ?? ""];
  await using second = await startServe({ args: external });
  const listed = await second.run(["ls", "--json"]);
  expect(listed).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(listed.stdout)).toMatchObject([{ agent_id: "ada", status: "idle" }]);
});

test.each(["serve.fleet", "serve.launch", "serve.cancel"])(
  "no agent can ask on %s what the operator may ask: records, a launch, an order to be taken back",
  async (subject) => {
    await using serve = await startServe();
    const creds = (await serve.run(["agents", "add", "ada"])).stdout.trim();
    const connection = await connect({
      servers: serve.natsUrl,
      authenticator: credsAuthenticator(await readFile(creds)),
      inboxPrefix: "_INBOX.ada",
    });
    const asking = connection.request(subject, "{}", { timeout: 2_000 });
    expect(await asking.catch(({ code }) => code)).toBe("PERMISSIONS_VIOLATION");
    await connection.close();
  },
);
