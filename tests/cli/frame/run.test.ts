import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { run } from "../../../src/cli/frame/run.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** Runs a command line. Resolves to its exit code and what it printed on stderr. */
async function errorOf(...argv: string[]): Promise<[code: number, text: string]> {
  return await ranWith(argv, false);
}

async function ranWith(argv: string[], isTTY: boolean): Promise<[code: number, text: string]> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const code = await run({
    ...{ argv, env: {}, cwd: "." },
    ...{ stdin: () => stdin, stdout: () => stdout, stderr: () => stderr },
    exit: (() => undefined) as unknown as (code: number) => never,
  });
  return [code, (await stderr.end().toArray()).join("")];
}

test("run() prints an error without anything that steers the terminal: it may quote an agent's words", async () => {
  expect(await errorOf("a\u001b[2Jb\u009b1m\nc")).toEqual([
    2,
    'error: unknown command "a\ufffd[2Jb\ufffd1m c"\nhint: cliai --help\n',
  ]);
});

test("run() tells at a terminal what a command waits for, and nowhere else", async () => {
  await using dir = await tempDir();
  const down = ["down", "--agents", "--data-dir", dir.path];
  const none = `no server runs on ${dir.path}\n`;
  expect(await ranWith(down, true)).toEqual([0, `ending the server\n${none}`]);
  expect(await ranWith(down, false)).toEqual([0, none]);
  expect((await ranWith([...down, "--json"], true))[1]).toBe("");
  const launch = ["spawn", "demo", "--detach", "--no-start", "--data-dir", dir.path];
  const begin =
    "launching an agent of the profile demo without a terminal: waiting until its CLI runs and is connected\n";
  expect((await ranWith(launch, true))[1]).toStartWith(begin);
  expect((await ranWith(launch, false))[1]).not.toContain("waiting");
});
