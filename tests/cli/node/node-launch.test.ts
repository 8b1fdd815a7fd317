import { expect, test } from "bun:test";
import { launchHere } from "../../../src/cli/node/node-launch.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("launchHere() launches nothing for an order that has ended, because nobody waits for the agent", async () => {
  await using dir = await tempDir();
  const expires_at = "2026-05-03T12:00:00.000Z";
  const launchAt = (time: string) =>
    launchHere(
      { agent_id: ada, profile: "none-such", flags: {}, expires_at },
      {
        dataDir: dir.path,
        node: { name: "laptop", url: "nats://127.0.0.1:1", joined_at: "", may_launch: true },
        context: testContext({ now: () => new Date(time), cwd: dir.path }),
      },
    );
  expect(await failureOf(launchAt("2026-05-03T12:00:00.001Z"))).toMatchObject({
    code: "refused",
    message: `the order to launch ada came too late: it ended at ${expires_at}, and here it is 2026-05-03T12:00:00.001Z`,
    hint: "launch it again; if the clocks of the two machines differ, set them right",
  });
  // In time, it looks for the profile.
  expect(await failureOf(launchAt(expires_at))).toMatchObject({ code: "message_invalid" });
});
