// Makes a data directory as cliai 0.1.0 left it: streams and buckets with 0.1.0's configuration, and records in 0.1.0's words. Both were
// copied from a directory that a serve of 0.1.0 had made.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { headers, type StreamConfig } from "nats";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { testServerBinary } from "./nats.ts";
import { waitFor } from "./wait-for.ts";

const dayNs = 86_400_000_000_000;
const instance_id = "63d04ece-cba6-432d-a9e3-7379b0d0ecfc";

const commands = {
  name: "COMMANDS",
  subjects: ["agent.*.command", "agent.*.shutdown", "agent.*.message"],
  retention: "limits",
  storage: "file",
  max_consumers: 100_000,
  max_age: 7 * dayNs,
  max_msgs_per_subject: 1_000,
  discard: "new",
  discard_new_per_subject: true,
  duplicate_window: 7 * dayNs,
  num_replicas: 1,
};
const audit = {
  name: "AUDIT",
  subjects: [
    ...["agent.*.status", "agent.*.event", "agent.*.receipt"],
    ...["captain.broadcast", "captain.decision", "dashboard.alert", "audit.>"],
  ],
  sources: [{ name: "COMMANDS" }],
  retention: "limits",
  storage: "file",
  max_age: 30 * dayNs,
  max_bytes: 1_073_741_824,
  discard: "old",
  duplicate_window: dayNs,
  num_replicas: 1,
};
const consumer = {
  durable_name: "bridge-ada",
  filter_subjects: ["agent.ada.command", "agent.ada.shutdown", "agent.ada.message"],
  ack_policy: "explicit",
  ack_wait: 30_000_000_000,
  deliver_policy: "all",
  max_ack_pending: 1_000,
};

/** In this directory, the agent `ada` has applied the task `done` and has said goodbye. The task `waits` and the stop `old-stop` still wait. */
export async function makeLayoutOne(dataDir: string): Promise<void> {
  await mkdir(join(dataDir, "nats"), { recursive: true, mode: 0o700 });
  const server = await startNatsServer({
    binary: await testServerBinary(),
    dir: join(dataDir, "nats"),
    port: 0,
    sync: "2m",
    log: silentLogger,
  });
  const bus = await connectBus({ url: server.url, name: "layout one", log: silentLogger });
  try {
    await fill(bus);
  } finally {
    await bus.close();
    await server.stop();
  }
}

async function fill(bus: Bus): Promise<void> {
  const { connection } = bus;
  const manager = await connection.jetstreamManager();
  for (const config of [commands, audit])
    await manager.streams.add(config as unknown as Partial<StreamConfig>);
  await manager.consumers.add("COMMANDS", consumer as Parameters<typeof manager.consumers.add>[1]);
  const jetstream = connection.jetstream();
  const store = async (subject: string, body: object, msgID: string) => {
    await jetstream.publish(subject, JSON.stringify(body), { msgID });
  };
  const at = new Date().toISOString();
  const command = (facts: object) => ({ from: "operator", issued_at: at, ...facts });
  await store(
    "agent.ada.command",
    command({ type: "task", payload: { text: "first" }, command_id: "done" }),
    "ada.done",
  );
  for (const [state, kind] of [
    ["delivered", "delivered"],
    ["applied", "final"],
  ] as const) {
    const receipt = { agent_id: "ada", command_id: "done", state, timestamp: at };
    await store("agent.ada.receipt", receipt, `ada.done.${kind}`);
  }
  // The bridge had acknowledged the task `done`.
  const done = await (await jetstream.consumers.get("COMMANDS", "bridge-ada")).next();
  await done?.ackAck();
  await store(
    "agent.ada.command",
    command({ type: "task", payload: { text: "second" }, command_id: "waits" }),
    "ada.waits",
  );
  await store("agent.ada.command", command({ type: "stop", command_id: "old-stop" }), "ada.old-stop");
  const goodbye = {
    agent_id: "ada",
    status: "disconnected",
    message: "stdin closed",
    timestamp: at,
    instance_id,
  };
  // A goodbye goes out without an acknowledgement, and without an id.
  connection.publish("agent.ada.status", JSON.stringify(goodbye), { headers: headers() });
  await connection.flush();
  const audited = async () => (await manager.streams.info("AUDIT")).state.messages;
  await waitFor(async () => (await audited()) === 6, { what: "the audit", saw: audited });
  await keepRecord(bus, at);
}

async function keepRecord(bus: Bus, at: string): Promise<void> {
  const { views } = bus.connection.jetstream();
  const options = { replicas: 1, history: 1, storage: "file" } as Parameters<typeof views.kv>[1];
  const order = (
    command_id: string,
    type: string,
    summary: string,
    stream_seq: number,
    ...states: string[]
  ) => ({
    ...{ command_id, type, from: "operator", summary, stream_seq, issued_at: at },
    receipts: ["stored", ...states].map((state) => ({ state, at })),
  });
  const record = {
    ...{ agent_id: "ada", first_seen: at, config_name: "demo", project_path: "/tmp", host: "here", pid: 1 },
    commands: [
      order("done", "task", "first", 1, "delivered", "applied"),
      order("waits", "task", "second", 2),
      order("old-stop", "stop", "", 3),
    ],
    ...{ audit_seq: 6, commands_seq: 3, last_seen: at, run_started_at: at },
    heartbeat: { at, interval_s: 15, instance_id, seq: 2 },
    said: { status: "disconnected", at, since: at, source: "status", message: "stdin closed", instance_id },
  };
  await (await views.kv("agents", options)).put("ada", JSON.stringify(record));
  const cursor = { audit_seq: 6, commands_seq: 3 };
  await (await views.kv("serve", options)).put("cursor", JSON.stringify(cursor));
  await views.kv("requests", options);
}
