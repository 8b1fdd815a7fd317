// What steering costs, on the real Claude Code offline: `bun run bench:steer [sends] [part] [rounds]`. Not a test.
// send → seen by each way into a session; stop → the last tool that starts; what cliai adds to a tool call, taken in turns.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { connect, credsAuthenticator } from "nats";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, type Steered, startHeadless, startSteered, startUnhosted } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

const sends = Number(process.argv[2] ?? 20);
/** `ways`, `stop` or `hooks` alone. */
const only = process.argv[3];
const stops = 5;
/** Of sessions that take turns. */
const hookRounds = Number(process.argv[4] ?? 6);
const callsPerRound = 40;

interface Row {
  readonly what: string;
  readonly values: number[];
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function print(title: string, rows: readonly Row[]): void {
  process.stdout.write(
    `\n${title.padEnd(44)}${"n".padStart(5)}${"p50".padStart(9)}${"p95".padStart(9)}${"max".padStart(9)}  ms\n`,
  );
  for (const { what, values } of rows) {
    const sorted = values.toSorted((a, b) => a - b);
    const cells = [0.5, 0.95, 1].map((part) => quantile(sorted, part).toFixed(1).padStart(9));
    process.stdout.write(`${what.padEnd(44)}${String(sorted.length).padStart(5)}${cells.join("")}\n`);
  }
}

/** Milliseconds from `stored` to `seen`, by the receipts' own times; nothing for a send that was not seen. */
async function sendOnce(serve: RunningServe, id: string): Promise<number[]> {
  const args = ["send", "task", id, "go on", "--wait", "seen", "--timeout", "30", "--json"];
  const { stdout } = await serve.run(args, { deadlineMs: 40_000 });
  const lines = stdout.split("\n").filter(Boolean);
  const at = new Map(lines.map((line) => JSON.parse(line)).map(({ state, at }) => [state, Date.parse(at)]));
  const [stored, seen] = [at.get("stored"), at.get("seen")];
  return stored === undefined || seen === undefined ? [] : [seen - stored];
}

async function sendMany(serve: RunningServe, id: string, isIdle: () => Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < sends; n += 1) {
    await isIdle();
    values.push(...(await sendOnce(serve, id)));
  }
  return values;
}

const idle = (agent: Pick<Steered, "until">) => () =>
  agent.until("its turn is over", ({ status }) => status === "idle" || status === "connected", 30_000);
const allowed = { claudeArgs: ["--allowedTools", "Bash"] };

async function measureRoutes(serve: RunningServe, model: ModelServer): Promise<Row[]> {
  const rows: Row[] = [];
  model.setScript({ fallback: { text: "Yes." } });
  for (const routes of ["messaging-socket", "terminal"]) {
    await using agent = await startSteered(serve, { id: `idle-${routes}`, model, routes });
    const values = await sendMany(serve, `idle-${routes}`, idle(agent));
    rows.push({ what: `send → seen, idle, ${routes}`, values });
  }
  {
    await using agent = await startHeadless(serve, { id: "headless", model });
    rows.push({
      what: "send → seen, idle, stream-json",
      values: await sendMany(serve, "headless", idle(agent)),
    });
  }
  // One tool after the other, a fifth of a second each: what is sent comes at the next boundary.
  model.setScript({ fallback: bash("sleep 0.2") });
  for (const routes of ["messaging-socket", "hook"]) {
    await using agent = await startSteered(serve, { id: `busy-${routes}`, model, routes, ...allowed });
    await agent.terminal.enter("work without end");
    await agent.until("it works", ({ status }) => status === "working");
    const values = await sendMany(serve, `busy-${routes}`, () => Promise.resolve());
    rows.push({ what: `send → seen, busy (200 ms tools), ${routes}`, values });
  }
  return rows;
}

/** From `stored` of the stop to the last tool that still starts; 0 where none did. */
async function measureStops(serve: RunningServe, model: ModelServer): Promise<Row[]> {
  const creds = await readFile(serve.credsPath ?? "");
  const nc = await connect({ servers: serve.natsUrl, authenticator: credsAuthenticator(creds) });
  const lastStart: number[] = [];
  const ended: number[] = [];
  try {
    for (let n = 0; n < stops; n += 1) {
      const id = `stop-${n}`;
      let last = 0;
      nc.subscribe(`agent.${id}.event`, {
        callback: (_, message) => {
          const { kind, timestamp } = message.json<{ kind: string; timestamp: string }>();
          if (kind === "tool_start") last = Date.parse(timestamp);
        },
      });
      model.setScript({
        rules: [{ match: /asked you to stop/, turn: { text: "I stop." } }],
        fallback: bash("sleep 0.05"),
      });
      await using agent = await startSteered(serve, { id, model, ...allowed });
      await agent.terminal.enter("work without end");
      await agent.until("it works", ({ status }) => status === "working");
      const args = ["send", "stop", id, "--wait", "applied", "--timeout", "60", "--json"];
      const { stdout } = await serve.run(args, { deadlineMs: 70_000 });
      const receipts = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const at = (state: string) => Date.parse(receipts.find((each) => each.state === state)?.at);
      lastStart.push(Math.max(0, last - at("stored")));
      ended.push(at("applied") - at("stored"));
    }
  } finally {
    await nc.close();
  }
  return [
    { what: "stop → the last tool that starts", values: lastStart },
    { what: "stop → ended", values: ended },
  ];
}

const noHooks = { disableAllHooks: true };
type Kind = "none" | "bare http" | "ours" | "mcp_tool" | "command";

/** Settings that have a tool call pass by a hook of another kind, before and after, in the place of ours. */
function otherSettings(
  serve: RunningServe,
  id: string,
  kind: Exclude<Kind, "ours">,
  bareUrl: string,
): object {
  const mcpConfig = join(serve.dataDir, "agents", id, "mcp.json");
  const [command = "", ...args] = cliaiCommand();
  if (kind === "none") return noHooks;
  const hook = {
    "bare http": { type: "http", url: bareUrl },
    mcp_tool: { type: "mcp_tool", server: "cliai", tool: "list_agents", input: {} },
    command: { type: "command", command, args: [...args, "hook", "--mcp-config", mcpConfig] },
  }[kind];
  return { hooks: { PreToolUse: [{ hooks: [hook] }], PostToolUse: [{ hooks: [hook] }] } };
}

/** A session that works on "go". */
async function startGoing(
  serve: RunningServe,
  model: ModelServer,
  { id, kind, isHeadless, bareUrl }: { id: string; kind: Kind; isHeadless: boolean; bareUrl: string },
): Promise<AsyncDisposable> {
  const settings = kind === "ours" ? undefined : otherSettings(serve, id, kind, bareUrl);
  const unhosted = { id, model, prompt: "go", ...allowed };
  if (isHeadless && settings !== undefined) return await startUnhosted(serve, { ...unhosted, settings });
  if (isHeadless) return await startHeadless(serve, { id, model, args: ["--task", "go"], ...allowed });
  const more = settings === undefined ? [] : ["--settings", JSON.stringify(settings)];
  const agent = await startSteered(serve, { id, model, claudeArgs: [...allowed.claudeArgs, ...more] });
  await agent.terminal.enter("go");
  return agent;
}

const hookKinds = [
  { session: "headless", kinds: ["none", "bare http", "ours"] },
  { session: "terminal", kinds: ["none", "bare http", "ours", "mcp_tool", "command"] },
] as const;

/** The time of a whole tool call, from the model's answer to its next request: without hooks, and with each kind. */
async function measureHooks(serve: RunningServe, model: ModelServer): Promise<Row[]> {
  // The limit of the http hooks: what the CLI itself takes for them, at a server that does nothing.
  const bareServer = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({}) });
  using _ = { [Symbol.dispose]: () => void bareServer.stop(true) };
  const bareUrl = bareServer.url.href;
  const all: Row[] = [];
  for (const { session, kinds } of hookKinds) {
    const rows = kinds.map((kind) => ({
      what: `${session}: a tool call, ${kind}`,
      kind,
      values: [] as number[],
    }));
    for (let round = 0; round < hookRounds; round += 1) {
      for (const { kind, values } of rows) {
        let answeredAt = 0;
        let calls = 0;
        const turn = () => {
          // The first calls warm it up.
          if (calls > 3) values.push(performance.now() - answeredAt);
          answeredAt = performance.now();
          calls += 1;
          if (calls > callsPerRound) return { text: "Done." };
          return { toolUses: [{ name: "Bash", input: { command: "true", description: "nothing" } }] };
        };
        model.setScript({ fallback: turn });
        const id = `${session}-${round}-${kind.replace(" ", "-")}`;
        await using __ = await startGoing(serve, model, {
          id,
          kind,
          isHeadless: session === "headless",
          bareUrl,
        });
        await waitFor(() => calls > callsPerRound, { what: "its calls are done", deadlineMs: 60_000 });
      }
    }
    const p50 = (values: readonly number[]) =>
      quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      );
    const without = p50(rows[0]?.values ?? []);
    for (const { kind, values } of rows.slice(1)) {
      process.stdout.write(
        `${session}, ${kind}: +${(p50(values) - without).toFixed(1)} ms p50 for a tool call\n`,
      );
    }
    all.push(...rows);
  }
  return all;
}

await using serve = await startServe();
await using model = await startModelServer();
const parts = { ways: measureRoutes, stop: measureStops, hooks: measureHooks };
for (const [title, measure] of Object.entries(parts)) {
  if (only === undefined || only === title) print(title, await measure(serve, model));
}
