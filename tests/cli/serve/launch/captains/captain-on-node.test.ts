// What a captain's launch on a node leaves for the next serve. The whole way: tests/e2e/spawn-agent.test.ts.
import { describe, expect, test } from "bun:test";
import { launchForCaptain } from "../../../../../src/cli/serve/launch/captains/captain-on-node.ts";
import { createLaunchesForCaptains } from "../../../../../src/data-dir/launched-agents.ts";
import { CliaiError } from "../../../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../../../src/log.ts";
import type { LaunchOrder } from "../../../../../src/server/server.ts";
import { now } from "../../../../support/agent-records.ts";
import { ada } from "../../../../support/agents.ts";
import { failureOf } from "../../../../support/error-of.ts";
import { tempDir } from "../../../../support/temp-dir.ts";

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
