// A command with subcommands: which one a command line means, with what, and what each says of itself.
import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { defineCliCommand } from "../../../src/cli/frame/command.ts";
import { defineCommandGroup } from "../../../src/cli/frame/command-group.ts";
import type { CliContext } from "../../../src/cli/frame/context.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";

const context: CliContext = {
  ...{
    env: {},
    cwd: "/",
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    log: silentLogger,
    logTo: () => silentLogger,
  },
  ...{ json: false, isTerminal: false, columns: 80, color: false, now: () => new Date() },
  ...{ print: () => undefined, note: () => undefined, progress: () => undefined },
  ...{ outputEnded: new AbortController().signal },
  exitNow: (code) => {
    throw new Error(`exit ${code}`);
  },
};

const dir = { dir: { type: "string", description: "where" } } as const;

function createGroup() {
  const ran: unknown[] = [];
  const list = defineCliCommand({
    name: "shelf list",
    description: "list them",
    args: { ...dir, all: { type: "boolean", description: "also the old" } },
    run: async ({ dir: at, all }) => ran.push(["list", at, all]) && 0,
  });
  const take = defineCliCommand({
    name: "shelf take",
    description: "take one",
    args: { book: { type: "positional", required: true, description: "which" }, ...dir },
    run: async ({ book, dir: at }) => ran.push(["take", book, at]) && 5,
  });
  const secret = defineCliCommand({ name: "shelf x", description: "x", args: {}, run: async () => 7 });
  const group = defineCommandGroup({
    name: "shelf",
    description: "what stands there",
    standard: "list",
    subcommands: {
      list: { command: list, doing: "listing" },
      take: { command: take },
      x: { command: secret, isHidden: true },
    },
  });
  return { group, ran };
}

describe("a command with subcommands", () => {
  test.each([
    [[], 0, ["list", undefined, undefined]],
    [["--all"], 0, ["list", undefined, true]],
    [["list", "--dir", "take"], 0, ["list", "take", undefined]],
    [["--dir", "take"], 0, ["list", "take", undefined]],
    [["take", "dune"], 5, ["take", "dune", undefined]],
    [["--dir", "list", "take", "dune"], 5, ["take", "dune", "list"]],
    [["--dir=list", "take", "take"], 5, ["take", "take", "list"]],
    [["take", "--", "--all"], 5, ["take", "--all", undefined]],
  ])("%j runs the one that is meant, and ends with its exit code", async (args, code, expected) => {
    const { group, ran } = createGroup();
    expect(await group.run(args, context)).toBe(code);
    expect(ran).toEqual([expected]);
  });

  test("one that is not shown can be run all the same", async () => {
    expect(await createGroup().group.run(["x"], context)).toBe(7);
  });

  test.each([
    [["tkae", "dune"], 'shelf has no "tkae"', "did you mean take?"],
    [["constructor"], 'shelf has no "constructor"', "it has list, take"],
    [["take", "dune", "--all"], "--all is not for shelf take", "cliai shelf --all …"],
    [["--nope"], "unknown flag --nope for shelf", "cliai shelf --help"],
    [["take"], "shelf take needs BOOK", "cliai shelf take --help"],
    [["take", "dune", "more"], 'shelf take takes no argument "more"', "cliai shelf take --help"],
    [["--", "take"], 'shelf takes no argument "take"', "cliai shelf --help"],
  ])("refuses %j", async (args, message, hint) => {
    const { group, ran } = createGroup();
    const error = await group.run(args, context).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CliaiError);
    expect(error).toMatchObject({ code: "usage", message, hint: expect.stringContaining(hint) });
    expect(ran).toEqual([]);
  });

  test("its help names them, and each one's help its own arguments alone", () => {
    const { group } = createGroup();
    expect(group.help([])).toBe(
      [
        "usage: cliai shelf [list|take] [options]",
        "",
        "what stands there",
        "",
        "  list  list them (the default)",
        "  take  take one",
        "",
        "options of shelf list; cliai shelf SUBCOMMAND --help lists those of another:",
        "  --dir TEXT  where",
        "  --all       also the old",
      ].join("\n"),
    );
    const ofTake = group.help(["--dir", "list", "--help", "take"]);
    expect(ofTake).toStartWith("usage: cliai shelf take BOOK [options]\n\ntake one\n");
    expect(ofTake).not.toContain("--all");
    expect(() => group.help(["tkae", "--help"])).toThrow('shelf has no "tkae"');
  });
});
