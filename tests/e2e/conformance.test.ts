// `cliai conformance` against running programs: those of configs/examples, and one that has nobody to do its tasks.
import { expect, setDefaultTimeout, test } from "bun:test";
import { bridgeEnv, fetchAgent } from "../support/bridges.ts";
import { type Child, startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { startGoAgent, startPythonAgent } from "../support/example-agents.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(500_000); // the first time, one of the examples is compiled

interface Report {
  readonly agent_id: string;
  readonly ok: boolean;
  readonly checks: readonly { readonly check: string }[];
}

/** Starts an example, and waits until the server shows it as online. */
async function startExample(
  serve: RunningServe,
  id: string,
  start: (env: Readonly<Record<string, string>>) => Promise<Child>,
): Promise<Child> {
  await using starting = new AsyncDisposableStack();
  const env = { ...(await bridgeEnv(serve, id)), HEARTBEAT_S: "1", STEP_S: "0.02" };
  const child = starting.use(await start(env));
  const isOnline = async () => (await fetchAgent(serve, id)).axes.link.value === "online";
  const saw = () => child.stdout + child.stderr;
  await waitFor(isOnline, { what: `${id} is online`, saw });
  starting.move();
  return child;
}

/** A bridge without a host and without a client, so that nobody does its tasks. */
async function startBare(env: Readonly<Record<string, string>>): Promise<Child> {
  const [command, ...args] = cliaiCommand();
  return await startChild(command, [...args, "bridge", "--heartbeat", "1"], {
    env: { ...process.env, ...env },
  });
}

function conformance(serve: RunningServe, id: string, ...more: string[]) {
  return serve.run(["conformance", "--agent-id", id, ...more]);
}

test("cliai conformance: the examples keep the protocol, and a program that does no task does not", async () => {
  await using serve = await startServe();
  await using programs = new AsyncDisposableStack();
  const start = async (id: string, program: Parameters<typeof startExample>[2]) =>
    programs.use(await startExample(serve, id, program));
  // The example in Go may be compiled first. That takes all processors, on which the others would fall silent.
  const go = await start("go", startGoAgent);
  const [python] = await Promise.all([
    start("python", startPythonAgent),
    start("bare", startBare),
    start("mute", startBare),
  ]);
  const [ofBare, report, ...ofExamples] = await Promise.all([
    conformance(serve, "bare", "--timeout", "1"),
    conformance(serve, "mute", "--timeout", "1", "--json"),
    conformance(serve, "python", "--stop"),
    conformance(serve, "go", "--stop"),
  ]);

  for (const { code, stdout, stderr } of ofExamples) {
    const lines = stdout.trimEnd().split("\n");
    expect({ not: lines.filter((line) => !line.startsWith("ok  ")), stderr }).toEqual({
      not: [],
      stderr: `${lines.length} rules hold, 0 are missing, 0 untried\n`,
    });
    expect(lines.length).toBeGreaterThan(20);
    expect(code).toBe(0);
  }
  for (const [id, child] of Object.entries({ python, go })) {
    expect((await child.exit()).code).toBe(0);
    expect((await fetchAgent(serve, id)).status).toBe("stopped");
  }

  expect(ofBare.code).toBe(1);
  expect(ofBare.stdout).toMatch(/^bad {2}task: its receipts: delivered .*; hint: \S/m);
  expect(ofBare.stdout).toMatch(/^\? {4}stop and goodbye: .*; hint: .*--stop$/m);
  expect(ofBare.stderr).toMatch(/^\d+ rules hold, \d+ are missing, \d+ untried$/m);

  const { agent_id, ok, checks } = JSON.parse(report.stdout) as Report;
  expect([report.code, agent_id, ok]).toEqual([1, "mute", false]);
  const lines = ofBare.stdout.trimEnd().split("\n");
  expect(checks).toHaveLength(lines.length);
  for (const [index, { check }] of checks.entries())
    expect(lines[index]?.slice("ok   ".length)).toStartWith(`${check}: `);

  const gone = await conformance(serve, "python");
  expect([gone.code, gone.stderr]).toEqual([5, expect.stringContaining("python is offline")]);
  const unnamed = await serve.run(["conformance"]);
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining("--agent-id")]);
});
