// Two agents and one file, with the real Claude Code, offline: what another agent has reserved is not changed by an agent whose profile enforces it.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inboxPrefix } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { bob } from "../support/agents.ts";
import { startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { startHeadless } from "../support/steered-claude.ts";

test("a write to a reserved file is denied by the holder's name, and its model reads why; another file is written, and told", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const write = (path: string, text: string) => ({
    toolUses: [{ name: "Write", input: { file_path: path, content: text } }],
  });
  await using hal = await startHeadless(serve, {
    ...{ id: "hal", model, profile: { permissions: "cli", reservations: "enforce" } },
    claudeArgs: ["--permission-mode", "acceptEdits"],
  });
  const [parser, other] = [join(hal.cwd, "src/parser.ts"), join(hal.cwd, "other.ts")];
  const { stdout } = await serve.run(["agents", "add", "bob"]);
  const options = { name: "bob", credsPath: stdout.trim(), inboxPrefix: inboxPrefix(bob), log: silentLogger };
  const bus = await connectBus({ ...options, url: serve.natsUrl });
  try {
    const call = async (tool: string, args: object) => {
      const asked = { request_id: crypto.randomUUID(), tool, arguments: args, instance_id: "bob-1" };
      return JSON.parse(
        new TextDecoder().decode(await bus.request("tools.call.bob", asked, { timeoutMs: 60_000 })),
      );
    };
    bus.publish("agent.bob.heartbeat", { status: "working", instance_id: "bob-1", seq: 1 });
    await call("report_status", { status: "working" });
    const src = { paths: [join(hal.cwd, "src/**")], minutes: 30, why: "the parser" };
    expect(await call("reserve", src)).toMatchObject({ success: true });
    model.setScript({
      turns: [write(parser, "mine"), write(other, "mine"), { text: "Done." }],
      fallback: { text: "Done." },
    });
    const sent = await serve.run(["send", "task", "hal", "write both", ...untilApplied]);
    expect(sent).toMatchObject({ code: 0 });
  } finally {
    await bus.close();
  }
  expect(existsSync(parser)).toBe(false);
  expect(readFileSync(other, "utf8")).toBe("mine");
  const told = model.requests.map(({ newText }) => newText).join("\n");
  expect(told).toMatch(/src\/parser\.ts is reserved by bob until .*"the parser".* has not run/);
  const { stdout: audit } = await serve.run(["audit", "--agent", "hal", "--kind", "tool_end", "--json"]);
  const ends = audit
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).message);
  expect(ends.at(-1)).toMatchObject({
    tool: "Write",
    files: [{ path: expect.stringContaining("other.ts") }],
  });
});
