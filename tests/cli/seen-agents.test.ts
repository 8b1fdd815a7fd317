// Which agents a spawn with an agent's own credentials takes for online.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { askForAgents } from "../../src/cli/seen-agents.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { createSeed, mintUser, readSeed } from "../../src/nats/accounts/credentials.ts";
import { ada } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

test("askForAgents() takes one that said goodbye for away, whatever word it left by", async () => {
  await using serve = await startTestServer();
  await using dir = await tempDir();
  const path = dir.join("ada.creds");
  await writeFile(path, (await mintUser(readSeed("account", createSeed("account")), { name: ada })).creds);
  const words = ["working", "stopped", "disconnected", "failed_to_start"];
  for (const [at, status] of words.entries()) {
    const agent_id = `agent-${at}`;
    const beat = { agent_id, instance_id: `run-${at}`, interval_s: 60 };
    serve.bus.publish(`agent.${agent_id}.heartbeat`, beat);
    await serve.bus.publishStored(`agent.${agent_id}.status`, { ...beat, status });
    const isShown = () => serve.server.fleet.get(parseAgentId(agent_id))?.status === status;
    await waitFor(isShown, { what: `${agent_id} is ${status}` });
  }
  const agents = await askForAgents(serve.nats.url, { id: ada, path }, { log: silentLogger });
  const isOnline = words.map((_, at) => agents.get(parseAgentId(`agent-${at}`))?.isOnline);
  expect(isOnline).toEqual([true, false, false, false]);
});
