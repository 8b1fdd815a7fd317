// What serve prints while it is busy, and when it comes late to all of its timers: nothing of its runtime's.
import { expect, test } from "bun:test";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger as log } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { startServe } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";

const agents = Array.from({ length: 50 }, (_, n) => parseAgentId(`agent-${n}`));
const rounds = 6;
/** Longer than every pause between two writings of the records. */
const heldUpMs = 2_500;

test.if(process.platform !== "win32")(
  "a serve that is busy, and comes late to its timers, prints no warning of its runtime (TimeoutNegativeWarning)",
  async () => {
    await using serve = await startServe({ args: ["--insecure"] });
    const bus = await connectBus({ url: serve.natsUrl, name: "load", log });
    await using parts = new AsyncDisposableStack();
    parts.defer(() => bus.close({ graceMs: 500 }));
    for (let round = 0; round < rounds; round += 1) {
      for (const id of agents) {
        bus.publish(`agent.${id}.heartbeat`, {
          instance_id: id,
          status: "working",
          // Not current_task: an order that check_inbox has handed over later is shown in its place.
          config_name: `round-${round}`,
        });
        const order = { id, type: "task", text: "dig", from: "me", command_id: `c${round}` } as const;
        await storeCommand(bus, order, new Date());
        void bus
          .request(`tools.call.${id}`, { tool: "check_inbox", arguments: {} }, { timeoutMs: 20_000 })
          .catch(() => undefined);
      }
      await bus.flush();
      if (round % 2 === 1) continue;
      serve.child.kill("SIGSTOP");
      await Bun.sleep(heldUpMs);
      serve.child.kill("SIGCONT");
    }
    const seen = async () => {
      const views = (await (await serve.fetch("/api/agents")).json()) as { config_name: string }[];
      return views.filter(({ config_name }) => config_name === `round-${rounds - 1}`).length;
    };
    await waitFor(async () => (await seen()) === agents.length, {
      what: "all is read",
      saw: seen,
    });
    // One more word, after the pause that followed the last writing.
    await Bun.sleep(heldUpMs);
    for (const id of agents) bus.publish(`agent.${id}.status`, { status: "idle" });
    await bus.flush();
    await Bun.sleep(500);
    serve.child.kill("SIGTERM");
    const { stderr } = await serve.child.exit();
    expect(stderr.split("\n").filter((line) => /Warning|--trace-warnings/.test(line))).toEqual([]);
  },
);
