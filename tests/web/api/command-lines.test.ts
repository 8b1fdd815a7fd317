// POST /api/command-line: the lines of a command that serve runs, as they come.
import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Printed } from "../../../src/web/api/command-line-schema.ts";
import { type CommandRunner, registerCommandLines } from "../../../src/web/api/command-lines.ts";
import { describeError } from "../../../src/web/api/http-errors.ts";

const line = {
  ...{ command: "ls", args: [], cwd: "/", json: false, is_terminal: false, columns: 80, color: false },
  ...{ operator: "kim", build: "1 (abc)", zone: "TZ UTC" },
  attempt: { id: "3f2a81bc-0000-8000-a000-000000000000", at: "2026-01-01T00:00:00.000Z" },
};

async function post(body: unknown, runner?: CommandRunner): Promise<Response> {
  const app = new Hono();
  registerCommandLines(app, runner, undefined);
  app.onError((error, c) => {
    const { status, code } = describeError(error, silentLogger);
    return c.json({ code }, status);
  });
  return await app.request("/api/command-line", { method: "POST", body: JSON.stringify(body) });
}

describe("POST /api/command-line", () => {
  test("sends each line as soon as it is printed, after an empty one", async () => {
    const lines: ((printed: Printed) => void)[] = [];
    const ended = Promise.withResolvers<void>();
    const runner: CommandRunner = {
      start: () => (print) => {
        lines.push(print);
        return ended.promise;
      },
    };
    const response = await post(line, runner);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    const reader = response.body?.getReader();
    const next = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await next()).toBe("\n");
    lines[0]?.({ out: "ada" });
    expect(await next()).toBe('{"out":"ada"}\n');
    lines[0]?.({ exit: 0 });
    ended.resolve();
    expect(await next()).toBe('{"exit":0}\n');
    expect((await reader?.read())?.done).toBe(true);
  });

  test("tells the command when its client has gone", async () => {
    const signals: AbortSignal[] = [];
    const runner: CommandRunner = {
      start: () => async (_print, signal) => {
        signals.push(signal);
        await new Promise<void>((end) => signal.addEventListener("abort", () => end()));
      },
    };
    const response = await post(line, runner);
    await response.body?.cancel();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("refuses what is no such command line, and what the runner refuses, before anything runs", async () => {
    const refusing: CommandRunner = {
      start: () => {
        throw new CliaiError("refused", "of another build");
      },
    };
    const answers = [
      await post({ ...line, command: "serve" }, refusing),
      await post({ ...line, shell: "rm" }, refusing),
      await post(line, refusing),
      await post(line),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 403, 403]);
  });
});
