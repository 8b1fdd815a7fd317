// `cliai changes` with a real serve: what the operator's credentials allow, and what the audit has of it.
import { expect, test } from "bun:test";
import { mkdirSync, realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeWorkDir } from "../../src/data-dir/agent-lock.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { ada } from "../support/agents.ts";
import { startServe } from "../support/cliai.ts";
import { createRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

test("cliai changes commits, and asks where nobody can answer; the audit has it by name", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  const repository = createRepository(realpathSync(dir.path));
  repository.write("a.txt", "1\n");
  repository.commit("one");
  repository.write("a.txt", "2\n");
  mkdirSync(join(serve.dataDir, "agents/ada"), { recursive: true });
  await writeWorkDir(serve.dataDir, ada, repository.dir);
  const bus = await connectBus({
    ...{ url: serve.natsUrl, credsPath: serve.credsPath, name: "agents", log: silentLogger },
  });
  const place = { project_path: repository.dir, host: hostname(), interval_s: 3_600 };
  bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "idle", ...place });
  await bus.flush();
  await bus.close();
  await until("ada is there", async () => (await serve.run(["show", "ada"])).code === 0);
  const env = { ...repository.env, USER: "mia" };
  expect(await serve.run(["changes", "commit", "ada", "Two"], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("hint: add --yes if you are sure"),
  });
  const { code, stdout } = await serve.run(["changes", "commit", "ada", "Two", "--yes", "--json"], { env });
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { agent_id: "ada", act: "commit" }]);
  expect(repository.git(["log", "-1", "--format=%s"])).toBe("Two");
  expect(await serve.run(["changes", "push", "ada", "--yes"], { env })).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("nothing to do: the repository has no remote"),
  });
  const audit = async () => (await serve.run(["audit", "--kind", "git", "--json"])).stdout;
  await until("both records", async () => (await audit()).match(/"from":"mia \(cli\)"/g)?.length === 2);
});
