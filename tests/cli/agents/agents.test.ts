import { expect, test } from "bun:test";
import { agentsCommand } from "../../../src/cli/agents/agents.ts";
import { nodeAgentLastsMs, signForNode } from "../../../src/cli/serve/nodes/node-agents.ts";
import { ensureKeys } from "../../../src/credentials/keys.ts";
import { placeAgent, placementOf } from "../../../src/credentials/nodes/placements.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { createUserKey } from "../../../src/nats/accounts/node-credentials.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";

const began = new Date("2026-05-03T12:00:00.000Z");

test.each([
  ["valid", 0, "ada: revoked"],
  ["expired", nodeAgentLastsMs + 1, "ada: it had no valid credentials"],
])(
  "cliai agents revoke ends a node's agent whose credentials are %s: its node gets it no new ones",
  async (_, laterMs, line) => {
    await using dir = await tempDir();
    const keys = await ensureKeys(dir.path);
    let at = began;
    const now = () => at;
    const userKey = createUserKey().publicKey;
    const ask = (act: "make" | "renew", user_key = userKey) =>
      signForNode(
        { name: "laptop" },
        { act, agent_id: ada, user_key },
        { dataDir: dir.path, keys, now, log },
      );
    const placed_at = began.toISOString();
    await placeAgent(dir.path, { agent_id: ada, node: "laptop", role: "captain", placed_at });
    await ask("make");
    at = new Date(began.getTime() + laterMs);
    const context = testContext({ now });
    expect(await agentsCommand.run(["revoke", ada, "--data-dir", dir.path], context)).toBe(0);
    expect(context.printed).toEqual([line]);
    expect(placementOf(dir.path, ada)).toBeUndefined();
    for (const asking of [ask("renew"), ask("make", createUserKey().publicKey)]) {
      expect(await failureOf(asking)).toMatchObject({
        ...{ code: "refused", message: 'the agent "ada" is not one of the node laptop' },
      });
    }
  },
);
