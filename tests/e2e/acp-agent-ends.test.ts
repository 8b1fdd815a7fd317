// An agent CLI that closes its output and lives on: nothing can be heard of it any more, so its run ends, and its task waits for the next one.
import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { fetchAgent } from "../support/bridges.ts";
import { startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Speaks ACP until its first prompt. */
const script = `#!/bin/sh
while read -r line; do
  id=$(echo "$line" | sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":1,"agentCapabilities":{}}}' ;;
    *'"session/new"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"sessionId":"s1"}}' ;;
    *'"session/prompt"'*) exec sleep 600 >&- ;;
  esac
done
`;

test("an ACP agent that closes its output in its turn has crashed, and nothing of it runs on", async () => {
  await using dir = await tempDir();
  const [work, program, config] = [dir.join("work"), dir.join("mine"), dir.join("config.json")];
  await mkdir(work);
  await writeFile(program, script, { mode: 0o700 });
  const profile = { cli: "acp:mine", acp: { command: program } };
  await writeFile(config, JSON.stringify({ agents: { mine: profile } }));
  await using serve = await startServe({ dataDir: dir.join("data") });
  const args = ["--data-dir", serve.dataDir, "--config", config, "--project", work];
  await using child = await startCliai(["spawn", "mine", "--id", "ada", "--headless", ...args]);
  const agent = () => fetchAgent(serve, "ada");
  await waitFor(async () => (await agent()).status === "idle", { what: "it is idle", saw: agent });
  const sent = await serve.run(["send", "task", "ada", "dig", "--id", "t1", "--wait", "stored"]);
  expect(sent.code).toBe(0);
  await waitFor(async () => (await agent()).status === "crashed", { what: "it has crashed", saw: agent });
  expect(await agent()).toMatchObject({
    axes: { link: { reason: expect.stringContaining("its CLI crashed: it closed its output and ran on") } },
    // Nothing shows that its model had the task.
    commands: [
      { command_id: "t1", receipts: [{ state: "stored" }, { state: "delivered" }, { state: "injected" }] },
    ],
    queued: 1,
  });
  expect((await child.exit()).code).toBe(143);
});
