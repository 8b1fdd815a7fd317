// A bridge as a program of its own, for tests of its end: arguments `<url> <agent id> [creds file]`, signals, exit code.
import { startBridge } from "../../src/bridge/bridge.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createLogger } from "../../src/log.ts";

const [url = "", id = "", credsPath] = process.argv.slice(2);
const bridge = startBridge({
  agentId: parseAgentId(id),
  url,
  credsPath,
  heartbeatIntervalS: 15,
  stdin: process.stdin,
  stdout: process.stdout,
  facts: { config_name: "demo", project_path: process.cwd(), host: "here", pid: process.pid },
  version: "0.0.0-test",
  log: createLogger(
    "info",
    (line) => void process.stderr.write(line),
    () => new Date(),
  ),
  now: () => new Date(),
  createId: () => crypto.randomUUID(),
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void bridge.shutdown("signal"));
process.stderr.write(`ended by ${await bridge.ended}\n`);
