// What a captain's launch on a node leaves for the next serve, and when its agent is stopped. The whole way: tests/e2e/spawn-agent.test.ts.
import { describe, expect, test } from "bun:test";
import {
  launchForCaptain,
  type OnNodeOptions,
  untilWorkEnds,
} from "../../../../../src/cli/serve/launch/captains/captain-on-node.ts";
import { createLaunchesForCaptains } from "../../../../../src/data-dir/launched-agents.ts";
import type { AgentRecord } from "../../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../../src/domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../../../../src/domain/receipts.ts";
import { CliaiError } from "../../../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../../../src/log.ts";
import type { LaunchOrder } from "../../../../../src/server/server.ts";
import { ago, beatOf, now, orderOf, recordOf, saidOf } from "../../../../support/agent-records.ts";
import { ada } from "../../../../support/agents.ts";
import { failureOf } from "../../../../support/error-of.ts";
import { tempDir } from "../../../../support/temp-dir.ts";
import { stays, until } from "../../../../support/wait-for.ts";

const context = { now: () => now, log: silentLogger };
const order: LaunchOrder = {
  ...{ callId: "c1", captain: ada, profile: "coder", task: "dig", node: "laptop" },
  ...{ isKnown: () => false, isOnline: () => false, hasBegun: () => false },
};

describe("launchForCaptain()", () => {
  test("leaves the launch to the next serve if this one ends meanwhile: the node launches the agent all the same", async () => {
    await using dir = await tempDir();
    const memory = createLaunchesForCaptains(dir.path, silentLogger);
    const spawn = () => Promise.reject(new CliaiError("interrupted", "it was still starting"));
    const launched = await launchForCaptain(order, { spawn, context } as never, memory);
    expect(launched.isConnected).toBe(false);
    expect([...(await memory.read())]).toMatchObject([
      [launched.agent_id, { captain: ada, call_id: "c1", node: "laptop" }],
    ]);
  });

  test("forgets a launch that the node has refused", async () => {
    await using dir = await tempDir();
    const memory = createLaunchesForCaptains(dir.path, silentLogger);
    const spawn = () => Promise.reject(new CliaiError("refused", "the node laptop is away"));
    const launching = launchForCaptain(order, { spawn, context } as never, memory);
    expect(await failureOf(launching)).toMatchObject({ code: "refused" });
    expect([...(await memory.read())]).toEqual([]);
  });
});

describe("untilWorkEnds()", () => {
  const since = ago(300);
  const session = (turn: { since: string; ended_at?: string }) => ({
    ...{ instance_id: "r1", session_id: "s1", generation: 1, seq: 1, tools: [] },
    ...{ started_at: ago(290), last_event_at: ago(10), last_prompt_at: turn.since, turn },
  });
  const task: CommandRecord = { ...orderOf("task", { state: "seen", at: ago(200) }), issued_at: ago(250) };

  /** Watches ada as the fleet shows it. Each stop that it is given ends it. */
  function watch(first: Partial<AgentRecord>) {
    let record = recordOf({ heartbeat: beatOf(5, { instance_id: "r1" }), ...first });
    const stops: unknown[] = [];
    const end = new AbortController();
    const server = {
      fleet: { get: () => viewAgent(record, now) },
      async sendCommand(command: object) {
        stops.push(command);
        record = recordOf({ ...record, said: saidOf("stopped", 0, { instance_id: "r1" }) });
      },
    };
    const options = { server, context, lookEveryMs: 5 } as unknown as OnNodeOptions;
    const ended = untilWorkEnds(ada, { since }, options, end.signal);
    return {
      ...{ stops, ended },
      become: (next: Partial<AgentRecord>) => {
        record = recordOf({ ...record, ...next });
      },
      async leave() {
        end.abort();
        await ended;
      },
    };
  }

  test("stops the agent also if its record no longer has its task when the work is over", async () => {
    const { stops, ended, become } = watch({ commands: [task], session: session({ since: ago(900) }) });
    // Twenty messages later, its task is not among the last orders that are settled.
    become({ commands: [], session: session({ since: ago(900), ended_at: ago(20) }) });
    await until("it is stopped", () => stops.length > 0);
    expect(await ended).toBe("said goodbye (stopped)");
  });

  test("stops it also if a serve before this one saw its task: it has had a turn since the launch", async () => {
    const { stops, ended } = watch({ session: session({ since: ago(200), ended_at: ago(20) }) });
    await until("it is stopped", () => stops.length > 0);
    expect(await ended).toBe("said goodbye (stopped)");
  });

  test("leaves an agent at rest alone that has not had its task", async () => {
    const { stops, leave } = watch({ session: session({ since: ago(400), ended_at: ago(350) }) });
    await stays(() => stops.length === 0, {
      ...{ what: "it is not stopped", because: "its task may not have reached it yet", forMs: 100 },
    });
    await leave();
  });
});
