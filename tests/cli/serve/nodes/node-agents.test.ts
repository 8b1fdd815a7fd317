import { expect, test } from "bun:test";
import { signForNode } from "../../../../src/cli/serve/nodes/node-agents.ts";
import { ensureKeys } from "../../../../src/credentials/keys.ts";
import { placeForLaunch, placementOf } from "../../../../src/credentials/nodes/placements.ts";
import { silentLogger as log } from "../../../../src/log.ts";
import { createUserKey } from "../../../../src/nats/accounts/node-credentials.ts";
import { ada } from "../../../support/agents.ts";
import { failureOf } from "../../../support/error-of.ts";
import { tempDir } from "../../../support/temp-dir.ts";

test("signForNode() renews an agent for its node until the node on which it is launched has its credentials made", async () => {
  await using dir = await tempDir();
  const keys = await ensureKeys(dir.path);
  let at = new Date("2026-05-03T12:00:00.000Z");
  const ask = (node: string, act: "make" | "renew", user_key: string) =>
    signForNode(
      { name: node },
      { act, agent_id: ada, user_key },
      { dataDir: dir.path, keys, now: () => at, log },
    );
  const launch = (node: string) =>
    placeForLaunch(
      dir.path,
      { agent_id: ada, node, role: "captain", placed_at: at.toISOString() },
      new Date(at.getTime() + 60_000),
    );
  const [first, second] = [createUserKey().publicKey, createUserKey().publicKey];
  await ask("a", "make", first);
  // The node b refuses the launch, and asks for nothing: a goes on.
  await launch("b");
  await ask("a", "renew", first);
  // What b did not have made in time, it cannot have made any more.
  at = new Date(at.getTime() + 60_001);
  expect((await failureOf(ask("b", "make", second))).message).toBe(
    'the agent "ada" is not one of the node b',
  );
  // The next launch there succeeds: the agent is one of b, and a has lost it.
  await launch("b");
  await ask("b", "make", second);
  expect(placementOf(dir.path, ada)).toMatchObject({ node: "b", role: "captain" });
  expect((await failureOf(ask("a", "renew", first))).message).toBe(
    'the agent "ada" is not one of the node a',
  );
  await ask("b", "renew", second);
});
