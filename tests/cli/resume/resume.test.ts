// Which arguments of `cliai resume` contradict each other, which it finds out before it looks for a server; and the agents of another machine.
import { expect, test } from "bun:test";
import { openLaunchDesk } from "../../../src/cli/launch-desk.ts";
import { resumeCommand } from "../../../src/cli/resume/resume.ts";
import { silentLogger } from "../../../src/log.ts";
import type { LaunchRequest } from "../../../src/web/api/spawner.ts";
import { ada, bob } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const none = "leave --terminal out: the server starts it without a terminal";
test.each([
  [[], "resume needs the AGENT, or --all", "cliai resume ada, or: cliai resume --all"],
  [["ada", "--all"], '--all takes no AGENT, but "ada" is given', "cliai resume ada, or: cliai resume --all"],
  [["ada", "--terminal", "--headless"], "--terminal is given with --headless", none],
  [["ada", "--terminal"], "--terminal is given, and there is no terminal here", none],
  [["ada", "bob", "--terminal"], "--terminal is given with several agents", none],
])("cliai resume %p: %p", async (args, message, hint) => {
  await expect(resumeCommand.run(args, testContext())).rejects.toMatchObject({
    code: "usage",
    message,
    hint,
  });
});

test("cliai resume names the same agent once", async () => {
  const context = testContext({ isTerminal: true });
  await expect(
    resumeCommand.run(["ada", "ada", "--terminal", "--data-dir", "/nowhere"], context),
  ).rejects.not.toMatchObject({
    message: "--terminal is given with several agents",
  });
});

test("cliai resume --all refuses the agents of another machine, and with --here starts them on this one", async () => {
  await using dir = await tempDir();
  await using test = await startTestServer();
  const { bus, server, nats } = test;
  for (const id of [ada, bob]) {
    const run = { agent_id: id, instance_id: "r1", session_id: `s-${id}` };
    bus.publish(`agent.${id}.heartbeat`, {
      ...{ ...run, interval_s: 60, seq: 1, config_name: "coder", project_path: "/shop" },
      ...{ host: "the-old-machine", pid: process.pid, agent_cli: "claude" },
    });
    await until("it is online", () => server.fleet.get(id)?.axes.link.value === "online");
    const prompt = { ...run, kind: "prompt", detail: "go", generation: 1, seq: 1 };
    await bus.publishStored(`agent.${id}.event`, prompt);
    await bus.publishStored(`agent.${id}.status`, { ...run, status: "disconnected" });
    await until("it has gone", () => server.fleet.get(id)?.status === "disconnected");
  }
  const asked: LaunchRequest[] = [];
  const spawn = async (request: LaunchRequest) => {
    asked.push(request);
    return { agent_id: request.id ?? ada };
  };
  const end = openLaunchDesk(bus, { spawn }, silentLogger);
  const context = testContext();
  const resume = (...more: string[]) =>
    resumeCommand.run(["--all", ...more, "--url", nats.url, "--data-dir", dir.path], context);
  expect(await failureOf(resume())).toMatchObject({ message: "2 of 2 agents were not resumed" });
  expect(asked).toEqual([]);
  expect(context.noted[0]).toBe(
    "to start ada, bob on this machine, when they run on the other one no longer: cliai resume ada bob --here",
  );
  expect(await resume("--here")).toBe(0);
  end();
  expect(asked.toSorted((a, b) => ((a.id ?? "") < (b.id ?? "") ? -1 : 1))).toMatchObject([
    { id: ada, profile: "coder", project: "/shop", again: true, resumes: "s-ada" },
    { id: bob, profile: "coder", project: "/shop", again: true, resumes: "s-bob" },
  ]);
});
