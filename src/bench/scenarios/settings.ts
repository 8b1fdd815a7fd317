// Measures what the settings of the store cost: `--sync` and `--audit-heartbeats`. The audit itself cannot be turned off, because the
// state of the fleet is read from it. Each setting has a serve of its own. The default is the limit for the others.
import { join } from "node:path";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { streams, toolCallSubject } from "../../domain/wire/subjects.ts";
import { lastSequence } from "../../nats/jetstream/stream-messages.ts";
import { storeCommand } from "../../server/send-command.ts";
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
} as const;
const acts = 500;
/** So many that a round takes about a second. Fewer if they are stored, because that takes longer. */
const beatsOf = (name: string) => (name === "audit heartbeats" ? 5_000 : 60_000);
const agents = 50;
/** Another agent in each round, because the number of orders that wait for one agent is limited. */
const tellerOf = (round: number) => parseAgentId(`teller-${round}`);

export const settingsCost: Scenario = {
  name: "settings",
  title: "what the settings cost, against the default (--sync always, heartbeats not audited)",
  rounds: { full: 6, short: 1 },
  isInShort: false,
  async prepare(context, parts) {
    return await Promise.all(
      Object.entries(settings).map(async ([name, args], n) => {
        const dataDir = join(context.dir, `data-${n}`);
        const serve = await startMeasuredServe(context, parts, { dataDir, args });
        const bus = await serve.connect("bench");
        const call = async (id: AgentId) => {
          const body = { agent_id: id, tool: "report_progress", arguments: { note: "a step further" } };
          await bus.request(toolCallSubject(id), body, { timeoutMs: 10_000 });
        };
        const command = (id: AgentId) => storeCommand(bus, { id, type: "resume", from: "bench" }, new Date());
        await call(tellerOf(0));
        let round = 0;
        return {
          name,
          measure: async (note) => {
            round += 1;
            for (const [metric, act] of Object.entries({ call, command })) {
              for (let i = 0; i < acts; i += 1) {
                const startedMs = performance.now();
                await act(tellerOf(round));
                note(`${name} ${metric}`, performance.now() - startedMs);
              }
            }
            const beats = beatsOf(name);
            const storedBefore = await lastSequence(bus, streams.audit);
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
            // Wait until they are stored, so that this does not disturb the measuring of the next side.
            const stored = async () => (await lastSequence(bus, streams.audit)) - storedBefore;
            if (name === "audit heartbeats") {
              await waitUntil(async () => (await stored()) >= beats, {
                ...{ what: "the heartbeats are stored", deadlineMs: 60_000, everyMs: 5 },
              });
            }
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
        row(
          name === "audit heartbeats" ? "heartbeats taken and stored" : "heartbeats taken",
          "a second",
          "beats",
        ),
      ];
    }),
};
