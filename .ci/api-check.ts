// `bun run api-check`: sends requests that schemathesis (PyPI) generates to a real serve, and compares each answer with its
// GET /openapi.json: no answer may be a failure of the server, or one that is not described. It needs dist/cliai, Python and the network. With a
// path, it runs that schemathesis instead of installing it: bun run api-check /tmp/venv/bin/schemathesis
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../src/log.ts";
import { connectBus } from "../src/nats/connect-bus.ts";
import { type RunningServe, startServe } from "../tests/support/cliai.ts";
import { tempDir } from "../tests/support/temp-dir.ts";
import { waitFor } from "../tests/support/wait-for.ts";

const schemathesis = "schemathesis==4.32.5";
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "unsupported_method",
  "allow_header_conformance",
  "negative_data_rejection",
  "ignored_auth",
];
/** Event streams have no end, so their answers are not complete. `tests/web/api` reads them. */
const endless = ["/api/events", "/api/agents/{id}/typing"];

const examples = 40;

await using dir = await tempDir();
const [program = installSchemathesis(dir.path)] = process.argv.slice(2);
await using serve = await startServe();
const question = await fillFleet(serve);
const token = (await readFile(serve.tokenPath, "utf8")).trim();

// The first run names agents and requests that there are not. In the others, each {id} is that of an agent, a request or an order that there is.
const runs: readonly [what: string, args: readonly string[], id?: string][] = [
  ["all operations", endless.flatMap((path) => ["--exclude-path", path])],
  [
    "an agent that there is",
    [
      ...["--include-path-regex", "^/api/agents/\\{id\\}"],
      ...[...endless, "/api/agents/{id}/remove"].flatMap((path) => ["--exclude-path", path]),
    ],
    "ada",
  ],
  ["a request that there is", ["--include-path-regex", "^/api/requests/\\{id\\}"], question],
  ["an order that there is", ["--include-path-regex", "^/api/commands/\\{id\\}"], "sweep-1"],
  ["an agent that is removed", ["--include-path", "/api/agents/{id}/remove"], "ada"],
];
for (const [index, [what, args, id]] of runs.entries()) {
  process.stdout.write(`\n${what}\n`);
  const config = dir.join(`${index}.toml`);
  const fixed = id === undefined ? "" : `[parameters]\n"path.id" = "${id}"\n`;
  await writeFile(config, `headers = { Authorization = "Bearer \${CLIAI_TOKEN}" }\n${fixed}`);
  const { status } = spawnSync(
    program,
    [
      ...["--config-file", config, "run", `${serve.url}/openapi.json`, "--checks", checks.join(",")],
      ...["--max-examples", String(examples), "--phases", "examples,coverage,fuzzing"],
      ...["--request-timeout", "60"],
      ...["--continue-on-failure", ...args],
    ],
    { cwd: dir.path, env: { ...process.env, CLIAI_TOKEN: token }, stdio: ["ignore", 1, 2] },
  );
  if (status !== 0) process.exitCode = 1;
}
if (!(await serve.fetch("/readyz")).ok) {
  process.stderr.write("error: the server is not ready any more\n");
  process.exitCode = 1;
}

/** Installs it into a virtual environment of its own. Returns the path of its program. */
function installSchemathesis(home: string): string {
  const environment = join(home, "python");
  const bin = join(environment, process.platform === "win32" ? "Scripts" : "bin");
  const steps: readonly [string, ...string[]][] = [
    ["python3", "-m", "venv", environment],
    [join(bin, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", schemathesis],
  ];
  for (const [command, ...args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ["ignore", 1, 2] });
    if (status !== 0) throw new Error(`${[command, ...args].join(" ")} has failed`);
  }
  return join(bin, "schemathesis");
}

/** Makes an agent that has orders, a question, events and an alert. Returns the id of its question. */
async function fillFleet({ fetch: ask, natsUrl, credsPath }: RunningServe): Promise<string> {
  const bus = await connectBus({ url: natsUrl, credsPath, name: "agents", log: silentLogger });
  bus.publish("agent.ada.heartbeat", { status: "working", current_task: "dig", interval_s: 3_600 });
  bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash", detail: "make" });
  bus.publish("agent.ada.event", { kind: "usage", usage: { tokens_used: 1_000, estimated_cost: 0.1 } });
  bus.publish("agent.ada.status", { status: 5 });
  await bus.flush();
  await waitFor(async () => (await ask("/api/agents/ada")).ok, { what: "ada is known" });
  const question = { tool: "ask_human", arguments: { question: "may I?", wait_s: 0 } };
  const answer = await bus.request(
    "tools.call.ada",
    { request_id: "q-1", ...question },
    { timeoutMs: 60_000 },
  );
  await bus.close();
  const order = { type: "task", text: "sweep", command_id: "sweep-1" };
  await ask("/api/agents/ada/commands", { method: "POST", body: JSON.stringify(order) });
  await ask("/api/messages", { method: "POST", body: JSON.stringify({ to: "ada", text: "hello" }) });
  return (JSON.parse(new TextDecoder().decode(answer)) as { result: { request_id: string } }).result
    .request_id;
}
