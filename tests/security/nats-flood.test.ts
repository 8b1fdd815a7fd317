// One agent that does nothing but what it may not: nats-server writes a line for each, and nobody else waits for that.
import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect, credsAuthenticator } from "nats";
import { writeGrant } from "../../src/credentials/agent-grants.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { startServe } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";

const folders = 1_000;
const refused = 20_000;
/** How long an answer may take, as a share of the time in which all are counted. Measured: 0.1. */
const mostShare = 0.5;

interface ShownAlert {
  readonly kind: string;
  readonly agent_id?: string;
  readonly count: number;
  readonly message: string;
}

test("20,000 refused publishes of one of 1,000 agents: serve and nats-server answer, and each is counted", async () => {
  await using serve = await startServe();
  const connectBy = async (credsPath: string, id: string) =>
    await connect({
      servers: serve.natsUrl,
      authenticator: credsAuthenticator(await readFile(credsPath)),
      inboxPrefix: `_INBOX.${id}`,
    });
  const zed = await connectBy((await serve.run(["agents", "add", "zed"])).stdout.trim(), "zed");
  const person = await connectBy(serve.credsPath ?? "", "person");
  let alert: ShownAlert | undefined;
  person.subscribe("dashboard.alert", {
    callback: (_, message) => {
      const told = message.json<ShownAlert>();
      if (told.kind === "refused") alert = told;
    },
  });
  for (let i = 0; i < folders; i += 1) {
    const key = String(i).padStart(4, "0");
    await writeGrant(serve.dataDir, {
      agent_id: parseAgentId(`Agent-${key}`),
      user_key: `U${"A".repeat(51)}${key.replace(/\d/g, (digit) => "ABCDEFGHIJ"[Number(digit)] ?? "")}`,
      account_key: `A${"B".repeat(55)}`,
      role: "agent",
      issued_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    });
  }
  let slowestMs = 0;
  const timed = async (answer: () => Promise<unknown>) => {
    const startedMs = performance.now();
    await answer();
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  };
  for (let i = 0; i < refused; i += 1) zed.publish("agent.bob.status", '{"status":"idle"}');
  const beganMs = performance.now();
  const flooding = zed.flush();
  const isCounted = async () => {
    await timed(() => serve.fetch("/healthz"));
    await timed(() => person.flush());
    return alert?.count === refused;
  };
  await waitFor(isCounted, {
    what: "all are counted",
    saw: () => ({ alert, slowestMs }),
  });
  const countedMs = performance.now() - beganMs;
  await flooding;
  expect(slowestMs / countedMs).toBeLessThan(mostShare);
  expect(alert).toMatchObject({
    agent_id: "zed",
    message: "nats-server does not let zed publish on agent.bob.status",
  });
  await Promise.all([zed.close(), person.close()]);
});
