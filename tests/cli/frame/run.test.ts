import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { run } from "../../../src/cli/frame/run.ts";

/** Runs a command line. Resolves to its exit code and what it printed on stderr. */
async function errorOf(...argv: string[]): Promise<[code: number, text: string]> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const code = await run({
    ...{ argv, env: {}, cwd: ".", stdin, stdout, stderr },
    exit: (() => undefined) as unknown as (code: number) => never,
  });
  return [code, String(stderr.read())];
}

test("run() prints an error without anything that steers the terminal: it may quote an agent's words", async () => {
  expect(await errorOf("a\u001b[2Jb\u009b1m\nc")).toEqual([
    2,
    'error: unknown command "a\ufffd[2Jb\ufffd1m c"\nhint: cliai --help\n',
  ]);
});
