// `bun run api-check`: sends requests that schemathesis (PyPI) generates to a real serve, and compares each answer with its
// GET /openapi.json: no answer may be a failure of the server, or one that is not described. It needs dist/cliai, Python and the network. With a
// path, it runs that schemathesis instead of installing it: bun run api-check /tmp/venv/bin/schemathesis
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../src/log.ts";
import { connectBus } from "../src/nats/connect-bus.ts";
import { pause } from "../src/waiting.ts";
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
  // Not `ignored_auth`: after 20 wrong tokens in a minute the server answers 429. checkAuth() waits for the next minute.
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
const letIn = await checkAuth(serve.url);
process.stdout.write(
  `\nwithout the token, and with a wrong one: ${letIn.length === 0 ? "refused everywhere" : letIn.join("; ")}\n`,
);
if (letIn.length > 0) process.exitCode = 1;
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

/** Returns each operation that answers a request without the token, or with a wrong one, with anything but 401. It takes some minutes. */
async function checkAuth(url: string): Promise<string[]> {
  const { paths } = JSON.parse(await (await serve.fetch("/openapi.json")).text()) as {
    readonly paths: Readonly<
      Record<string, Readonly<Record<string, { readonly security?: readonly unknown[] }>>>
    >;
  };
  const letIn: string[] = [];
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      if (security?.length === 0) continue; // open to everybody
      for (const headers of [{}, { authorization: "Bearer wrong" }]) {
        const init = { method: method.toUpperCase(), headers };
        let answer = await fetch(url + path.replaceAll(/\{\w+\}/g, "ada"), init);
        for (let waits = 0; answer.status === 429 && waits < 3; waits += 1) {
          await pause(1_000 * Number(answer.headers.get("retry-after") ?? 5));
          answer = await fetch(url + path.replaceAll(/\{\w+\}/g, "ada"), init);
        }
        await answer.body?.cancel();
        if (answer.status !== 401) letIn.push(`${init.method} ${path}: ${answer.status}`);
      }
    }
  }
  return letIn;
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
