// Makes the picture in the README: `bun .ci/picture.ts docs/dashboard.png`. It uses a real serve, a dozen agents that are plain NATS
// clients, and Chromium. It needs dist/cliai.
import { silentLogger } from "../src/log.ts";
import { connectBus } from "../src/nats/connect-bus.ts";
import { startChromium } from "../tests/support/chromium.ts";
import { startServe } from "../tests/support/cliai.ts";
import { waitFor } from "../tests/support/wait-for.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Shown {
  readonly id: string;
  readonly task: string;
  readonly says?: string;
  /** The events of its CLI's hooks, oldest first. */
  readonly events?: readonly Fields[];
  readonly usage?: Fields;
  /** A tool call that waits for a person. */
  readonly asks?: { readonly tool: string; readonly arguments: Fields };
  readonly isPaused?: boolean;
  readonly isGone?: boolean;
}

const running = (tool: string, detail: string) => [
  { kind: "prompt", detail: "go on" },
  { kind: "tool_start", tool, detail, tool_use_id: "t1" },
];
const ended = [{ kind: "prompt", detail: "go on" }, { kind: "turn_end" }];
const used = (tokens_used: number, estimated_cost: number, context_tokens: number) => ({
  ...{ tokens_used, estimated_cost, context_tokens, context_window: 200_000, source: "cli", model: "sonnet" },
});

const agents: readonly Shown[] = [
  {
    ...{ id: "Api-4821", task: "rename the orders endpoint" },
    ...{ events: running("Bash", "npm test -- orders"), usage: used(412_000, 1.84, 96_000) },
    asks: {
      tool: "ask_human",
      arguments: {
        question: "May the old endpoint go, or does the mobile app still call it?",
        choices: ["Remove it", "Keep it for one release"],
      },
    },
  },
  {
    ...{ id: "Release-7310", task: "prepare release 2.4" },
    ...{ events: running("Bash", "git push origin v2.4.0"), usage: used(188_000, 0.77, 51_000) },
    asks: {
      tool: "request_permission",
      arguments: { tool: "Bash", input: '{"command":"git push origin v2.4.0"}' },
    },
  },
  {
    ...{
      id: "Coder-1502",
      task: "fix the flaky upload test",
      events: running("Edit", "tests/upload.test.ts"),
    },
    usage: used(633_000, 2.61, 143_000),
  },
  {
    ...{ id: "Coder-1977", task: "move the cart to the new schema", usage: used(271_000, 1.12, 74_000) },
    events: running("Bash", "npm run migrate -- --dry-run"),
  },
  {
    ...{ id: "Docs-2265", task: "write the guide for webhooks", usage: used(94_000, 0.38, 33_000) },
    events: running("Write", "docs/webhooks.md"),
  },
  {
    ...{ id: "Reviewer-3340", task: "review pull request 318", usage: used(156_000, 0.69, 62_000) },
    events: running("Read", "src/payments/refund.ts"),
  },
  {
    ...{ id: "Search-5108", task: "make the search index smaller", usage: used(352_000, 1.47, 118_000) },
    events: running("Bash", "node bench/index-size.js"),
  },
  {
    ...{ id: "Tests-6024", task: "raise coverage of src/mail", usage: used(240_000, 0.98, 88_000) },
    events: running("Bash", "npx vitest --coverage"),
    isPaused: true,
  },
  { id: "Triage-8815", task: "sort the new issues", events: ended, usage: used(61_000, 0.24, 21_000) },
  { id: "Deps-9043", task: "update the dependencies", events: ended, usage: used(118_000, 0.46, 40_000) },
  { id: "Captain-0001", task: "watch over the release", events: ended, usage: used(75_000, 0.31, 29_000) },
  { id: "Old-7777", task: "port the importer", usage: used(505_000, 2.02, 161_000), isGone: true },
];

const [target = "docs/dashboard.png"] = process.argv.slice(2);
await using serve = await startServe();
await using browser = await startChromium();
const bus = await connectBus({
  ...{ url: serve.natsUrl, credsPath: serve.credsPath, name: "agents", log: silentLogger },
});
for (const { id, task, events = [], usage, asks, isPaused = false, isGone = false } of agents) {
  const instance_id = crypto.randomUUID();
  const say = (topic: string, fields: Fields) =>
    bus.publish(`agent.${id}.${topic}`, { agent_id: id, instance_id, ...fields });
  const cli = { cli: "claude-code", cli_version: "2.1.330", host: "studio", project_path: "/home/ada/shop" };
  const config_name = id.split("-")[0]?.toLowerCase();
  say("heartbeat", { status: "working", current_task: task, seq: 1, config_name, interval_s: 60, ...cli });
  let seq = 0;
  for (const event of [
    { kind: "session_start" },
    ...(usage === undefined ? [] : [{ kind: "usage", usage }]),
    ...events,
  ])
    say("event", { ...event, generation: 1, seq: ++seq });
  if (events.at(-1)?.kind === "tool_start") say("status", { status: "working", current_task: task });
  if (isGone) say("status", { status: "stopped", message: "stopped by ada" });
  await bus.flush();
  await waitFor(async () => (await serve.fetch(`/api/agents/${id}`)).ok, { what: id });
  if (asks !== undefined) {
    const body = { request_id: crypto.randomUUID(), instance_id, tool: asks.tool, arguments: asks.arguments };
    bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 }).catch(() => undefined); // nobody answers before the end
  }
  if (!isPaused) continue;
  const response = await serve.fetch(`/api/agents/${id}/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "pause" }),
  });
  const { command_id } = (await response.json()) as { command_id: string };
  for (const state of ["delivered", "injected", "applied"])
    say("receipt", { command_id, state, route: "hook", run: instance_id });
}
await waitFor(async () => ((await (await serve.fetch("/api/requests")).json()) as unknown[]).length === 2, {
  what: "both requests are open",
});
const page = await browser.newPage({ width: 1280, height: 845 });
await page.goto(await serve.loginUrl());
await page.waitForSelector("#agent-Old-7777");
await page.screenshot({ path: target });
await bus.close();
process.stdout.write(`${target}\n`);
