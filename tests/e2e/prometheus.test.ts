// A real Prometheus scrapes a fleet with a token that can do nothing else; promtool checks the metrics and our rules.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { bridgeEnv } from "../support/bridges.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { promtool, startPrometheus } from "../support/prometheus.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const rulesDir = join(import.meta.dirname, "../../configs/prometheus");
const rulesPath = join(rulesDir, "alerts.yml");

test("Prometheus takes all metrics of a fleet, with a token for metrics alone, and our rules hold there", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using parts = new AsyncDisposableStack();
  const ada = new Client({ name: "an agent", version: "1.2.3" });
  parts.defer(() => ada.close());
  const [command, ...first] = cliaiCommand();
  const env = { ...getDefaultEnvironment(), ...(await bridgeEnv(serve, "ada")) };
  await ada.connect(new StdioClientTransport({ command, args: [...first, "bridge"], env, stderr: "ignore" }));
  const spent = { tokens_used: 1_000, estimated_cost: 0.25 };
  await ada.callTool({ name: "report_metrics", arguments: spent });
  const sent = await serve.run(["send", "task", "ada", "tidy up", "--json", "--timeout", "80"]);
  expect(sent.stdout).toContain('"state":"delivered"');

  const minted = await serve.run(["token", "add", "prometheus", "--scope", "metrics"]);
  expect(minted.code).toBe(0);
  await writeFile(dir.join("cliai-token"), minted.stdout);
  const scraped = (accept: string) =>
    fetch(`${serve.url}/metrics`, {
      headers: { authorization: `Bearer ${minted.stdout.trim()}`, accept },
    });
  const linted = await promtool(["check", "metrics"], await (await scraped("text/plain")).text());
  expect([linted.code, linted.stdout + linted.stderr]).toEqual([0, ""]);

  const config = readFileSync(join(rulesDir, "prometheus.yml"), "utf8");
  const here = config.replace("127.0.0.1:3000", new URL(serve.url).host).replace("15s", "1s");
  await writeFile(dir.join("prometheus.yml"), here);
  await copyFile(rulesPath, dir.join("alerts.yml"));
  const checked = await promtool(["check", "config", dir.join("prometheus.yml")]);
  expect([checked.code, checked.stderr]).toEqual([0, ""]);

  await using prometheus = await startPrometheus(dir.join("prometheus.yml"), dir.path);
  const valuesOf = async (query: string) => {
    const path = `query?query=${encodeURIComponent(query)}`;
    const { result } = (await prometheus.ask(path)) as { result: { value: [number, string] }[] };
    return result.map(({ value }) => value[1]);
  };
  const shows = (query: string, values: readonly string[]) =>
    waitFor(async () => (await valuesOf(query)).join() === values.join(), {
      what: `${query} is ${values}`,
      saw: async () => [await valuesOf(query), await prometheus.ask("targets")],
    });
  await shows("up", ["1"]);
  await shows("sum(cliai_agents)", ["1"]);
  await shows('cliai_orders_total{type="task"}', ["1"]);
  await shows('cliai_receipt_seconds_count{state="delivered"}', ["1"]);
  await shows('cliai_stream_messages{stream="COMMANDS"} > 0', ["1"]);
  await shows("cliai_nats_connections > 2", await valuesOf("cliai_nats_connections"));
  // A dashboard without a line where there is something to show is a query that is wrong.
  for (const query of dashboardQueries())
    if (!query.includes("cliai_model_server"))
      await waitFor(async () => (await valuesOf(query)).length > 0, { what: `${query} has a value` });
  const { groups } = (await prometheus.ask("rules")) as {
    groups: { rules: { name: string; health: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(8);
  expect(rules.filter(({ health }) => health === "err")).toEqual([]);
});

function dashboardQueries(): string[] {
  const text = readFileSync(join(rulesDir, "grafana-dashboard.json"), "utf8");
  const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

test("the rules and the dashboard name only metrics that there are, and promtool accepts the rules", async () => {
  const checked = await promtool(["check", "rules", rulesPath]);
  expect([checked.code, checked.stderr]).toEqual([0, ""]);
  const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const listed = new Set([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name));
  for (const file of ["alerts.yml", "grafana-dashboard.json"]) {
    const named = readFileSync(join(rulesDir, file), "utf8").matchAll(/\bcliai_\w+/g);
    const names = new Set([...named].map(([name]) => name.replace(/_(bucket|count|sum)$/, "")));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !listed.has(name))).toEqual([]);
  }
});
