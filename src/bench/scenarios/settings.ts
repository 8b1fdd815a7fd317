// What the settings of the store cost: `--sync`, and the audit of heartbeats. The audit itself cannot be off: the fleet's
// state is read from it. Each setting has a serve of its own; the default is the limit of the others.
import { join } from "node:path";
import { parseAgentId } from "../../domain/agent-id.ts";
import { toolCallSubject } from "../../domain/subjects.ts";
import { storeCommand } from "../../server/commands.ts";
import { ingestAgent, instanceOf, type PublisherOptions } from "../programs/publisher.ts";
import { startProgram } from "../programs/start-program.ts";
import { buildRow, type Row, type Scenario } from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";
import { waitUntil } from "../wait.ts";

const settings = {
  default: [],
  "sync 1s": ["--sync", "1s"],
  "sync 2m": ["--sync", "2m"],
  "audit heartbeats": ["--audit-heartbeats"],
  "audit heartbeats, sync 2m": ["--audit-heartbeats", "--sync", "2m"],
} as const;
const acts = 300;
const beats = 5_000;
const agents = 50;
const id = parseAgentId("teller");

export const settingsCost: Scenario = {
  name: "settings",
  title: "what the settings cost, against the default (--sync always, heartbeats not audited)",
  rounds: { full: 3, short: 1 },
  isInShort: false,
  async prepare(context, parts) {
    return await Promise.all(
      Object.entries(settings).map(async ([name, args], n) => {
        const dataDir = join(context.dir, `data-${n}`);
        const serve = await startMeasuredServe(context, parts, { dataDir, args });
        const bus = await serve.connect("bench");
        const call = async () => {
          const body = { agent_id: id, tool: "report_progress", arguments: { note: "a step further" } };
          await bus.request(toolCallSubject(id), body, { timeoutMs: 10_000 });
        };
        const command = () => storeCommand(bus, { id, type: "resume", from: "bench" }, new Date());
        await call();
        let round = 0;
        return {
          name,
          measure: async (note) => {
            for (const [metric, act] of Object.entries({ call, command })) {
              for (let i = 0; i < acts; i += 1) {
                const startedMs = performance.now();
                await act();
                note(`${name} ${metric}`, performance.now() - startedMs);
              }
            }
            round += 1;
            await using own = new AsyncDisposableStack();
            const options: PublisherOptions = {
              ...{ url: serve.natsUrl, creds: serve.operatorCreds },
              ...{ kind: "heartbeat", root: "agent", agents, count: beats, round },
            };
            const child = await startProgram(context, own, "publisher", options);
            const startedMs = performance.now();
            child.write("go\n");
            await waitUntil(
              async () => {
                const last = await serve.fetch(`/api/agents/${ingestAgent(agents - 1)}`);
                const { heartbeat } = (await last.json()) as {
                  heartbeat?: { instance_id: string; seq: number };
                };
                return heartbeat?.instance_id === instanceOf(round) && heartbeat.seq === beats / agents;
              },
              { what: "the last heartbeat is taken", deadlineMs: 60_000, everyMs: 5 },
            );
            note(`${name} beats`, (beats / (performance.now() - startedMs)) * 1_000);
          },
        };
      }),
    );
  },
  judge: (samples) =>
    Object.keys(settings).flatMap((name): Row[] => {
      if (name === "default") return [];
      const row = (what: string, unit: Row["unit"], metric: string) =>
        buildRow({
          what: `${name}: ${what}`,
          unit,
          ours: samples.of(`${name} ${metric}`),
          limit: samples.of(`default ${metric}`),
        });
      return [
        row("tool call that is stored", "ms", "call"),
        row("command stored", "ms", "command"),
        row("heartbeats taken", "a second", "beats"),
      ];
    }),
};
