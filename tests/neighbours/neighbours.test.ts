// The release before this one and the present one, together, both ways: a server takes over what the other has left (the data directory, a
// host in the middle of its session, a bridge that runs on), and everybody works on.
import { beforeAll, expect, test } from "bun:test";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getReleaseBefore } from "../../.ci/release-before.ts";
import { layoutVersion } from "../../src/domain/layout.ts";
import { fetchAgent, type ShownAgent, startBridge } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { type RunningServe, type Runtime, runCliai, startServe, untilApplied } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let before: Runtime;
let layoutBefore: number;
beforeAll(async () => {
  const { dir } = await getReleaseBefore();
  before = { main: join(dir, "src", "main.ts") };
  ({ layoutVersion: layoutBefore } = await import(join(dir, "src", "domain", "layout.ts")));
}, 600_000);

type Facts = ShownAgent & { readonly pid: number; readonly heartbeat: { readonly instance_id: string } };

async function until(serve: RunningServe, id: string, what: string, fits: (agent: ShownAgent) => boolean) {
  const look = async () => {
    const agent = await fetchAgent(serve, id).catch(() => undefined);
    return agent !== undefined && fits(agent) && (agent as Facts);
  };
  return await waitFor(look, { what, saw: () => fetchAgent(serve, id) });
}

const idle = ({ axes }: ShownAgent) => axes.link.value === "online" && axes.activity.value === "idle";
const online = ({ axes }: ShownAgent) => axes.link.value === "online";

test.each(["this release takes over from the one before", "the release before takes over from this one"])(
  "%s: data directory, host and bridge",
  async (way) => {
    const isUpdate = way.startsWith("this");
    const [first, second] = isUpdate ? [before, undefined] : [undefined, before];
    await using dir = await tempDir();
    await using model = await startModelServer({
      rules: [
        { match: "first task", once: true, turn: { text: "One." } },
        { match: "second task", once: true, turn: { text: "Two." } },
      ],
    });
    const [work, dataDir, config] = [dir.join("work"), dir.join("data"), dir.join("config.json")];
    await mkdir(work);
    await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
    const env = await claudeEnvironment({
      home: dir.join("home"),
      workDirs: [work],
      modelServerUrl: model.url,
    });
    const serving = { env, dataDir, args: ["--config", config] };
    const startWith = (from: Runtime | undefined) => startServe({ ...serving, ...(from && { from }) });

    await using parts = new AsyncDisposableStack();
    let host: Facts;
    let bridge: Child;
    {
      await using serve = await startWith(first);
      const body = JSON.stringify({ profile: "steered", project: work, id: "ada" });
      const headers = { "content-type": "application/json" };
      expect((await serve.fetch("/api/agents", { method: "POST", headers, body })).status).toBe(201);
      bridge = parts.use(await startBridge(serve, "bob", first));
      await initialize(bridge);
      const reported = await callTool(bridge, 1, "report_status", {
        status: "working",
        current_task: "before",
      });
      expect(reported.isError).toBe(false);
      await until(serve, "ada", "ada is idle", idle);
      const sent = await serve.run(["send", "task", "ada", "first task", ...untilApplied]);
      expect(sent).toMatchObject({ code: 0 });
      host = await until(serve, "ada", "ada is idle again", idle);
      serve.child.kill("SIGTERM");
      expect(await serve.child.exit()).toMatchObject({ code: 0 });
    }
    if (!isUpdate && layoutVersion > layoutBefore) {
      const text = await readFile(join(dataDir, "layout.json"), "utf8");
      const ports = ["--port", "0", "--nats-port", "0"];
      const refused = await runCliai(["serve", "--data-dir", dataDir, ...ports], { from: before });
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`has layout ${layoutVersion}`),
      });
      expect(await readFile(join(dataDir, "layout.json"), "utf8")).toBe(text);
      return;
    }
    await using serve = await startWith(second);
    const again = await until(serve, "ada", "ada is there", idle);
    expect([again.pid, again.heartbeat.instance_id]).toEqual([host.pid, host.heartbeat.instance_id]);
    const sent = await serve.run(["send", "task", "ada", "second task", ...untilApplied]);
    expect(sent).toMatchObject({ code: 0 });
    expect(model.requests.filter(({ newText }) => newText.includes("first task"))).toHaveLength(1);
    expect(model.requests.filter(({ newText }) => newText.includes("second task"))).toHaveLength(1);

    await until(serve, "bob", "bob is back", online);
    const now = await callTool(bridge, 2, "report_status", { status: "working", current_task: "afterwards" });
    expect(now.isError).toBe(false);
    await until(serve, "bob", "bob's report is there", ({ current_task }) => current_task === "afterwards");
    const order = ["send", "task", "bob", "hello", "--wait", "delivered", "--timeout", "80"];
    expect(await serve.run(order)).toMatchObject({ code: 0 });
    expect(await serve.run(["audit", "verify"])).toMatchObject({ code: 0 });
    const stopped = await serve.run(["down", "--agents", "--force", "--json"]);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ ended: true });
  },
);
