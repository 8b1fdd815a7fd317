// Strictness of the command line, and that citty then reads what was meant.
import { describe, expect, test } from "bun:test";
import { type ArgsDef, parseArgs } from "citty";
import fc from "fast-check";
import { checkArgs } from "../../../src/cli/frame/strict-args.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";

const definitions = {
  agent: { type: "positional", required: true },
  text: { type: "positional", required: false },
  "nats-port": { type: "string" },
  wait: { type: "enum", options: ["stored", "seen"] },
  all: { type: "boolean", alias: "a" },
} satisfies ArgsDef;

function read(args: string[], passesOn = false) {
  const { rawArgs, more, passedOn } = checkArgs("send", args, definitions, { passesOn });
  const {
    agent,
    text,
    "nats-port": natsPort,
    wait,
    all,
  } = parseArgs<typeof definitions>(rawArgs, definitions);
  return { agent, text, natsPort, wait, all, more, passedOn };
}

describe("checkArgs()", () => {
  test.each([
    [["ada"], { agent: "ada" }],
    [["--nats-port", "7", "ada", "--all"], { agent: "ada", natsPort: "7", all: true }],
    [["-a", "ada"], { agent: "ada", all: true }],
    [["--nats-port=7", "ada"], { agent: "ada", natsPort: "7" }],
    [["--nats-port=", "ada"], { agent: "ada", natsPort: "" }],
    [["--nats-port", "-1", "ada"], { agent: "ada", natsPort: "-1" }],
    [["--nats-port=--all", "ada"], { agent: "ada", natsPort: "--all" }],
    [["--nats-port=--no-all", "ada"], { agent: "ada", natsPort: "--no-all" }],
    [["--nats-port", "--- a rule ---", "ada"], { agent: "ada", natsPort: "--- a rule ---" }],
    [["ada", "--", "--all"], { agent: "ada", text: "--all" }],
    [["ada", "--", "--no-all"], { agent: "ada", text: "--no-all" }],
    [["ada", "-"], { agent: "ada", text: "-" }],
    [["--wait", "seen", "ada", "$(x) & %PATH%"], { agent: "ada", wait: "seen", text: "$(x) & %PATH%" }],
  ])("citty reads %j as it was meant", (args, expected: Partial<ReturnType<typeof read>>) => {
    expect(read(args)).toMatchObject({ more: [], passedOn: undefined, ...expected });
  });

  test("what stands after -- is passed on untouched where a command passes on", () => {
    expect(read(["ada", "--", "-p", "--all", "--", "x"], true)).toMatchObject({
      agent: "ada",
      passedOn: ["-p", "--all", "--", "x"],
    });
    expect(read(["ada"], true).passedOn).toBeUndefined();
    expect(read(["ada", "--"], true).passedOn).toEqual([]);
  });

  test("any text is taken as a value and as an argument, unchanged", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, text) => {
        expect(read([`--nats-port=${value}`, "ada", "--", text])).toMatchObject({ natsPort: value, text });
      }),
    );
  });

  test.each([
    [["ada", "--nats-prot", "7"], "unknown flag --nats-prot for send", "did you mean --nats-port?"],
    [["ada", "--no-all"], "unknown flag --no-all for send", "cliai send --help"],
    [["ada", "-all"], "unknown flag -all for send", "did you mean --all?"],
    [["ada", "-x"], "unknown flag -x for send", "cliai send --help"],
    [["ada", "--constructor", "x"], "unknown flag --constructor for send", "cliai send --help"],
    [["ada", "--nats-port"], "--nats-port needs a value", "cliai send --nats-port TEXT"],
    [["ada", "--wait"], "--wait needs a value", "cliai send --wait stored|seen"],
    [["ada", "--nats-port", "--all"], "--nats-port needs a value", "as one word: --nats-port=--all"],
    [["ada", "--all=yes"], '--all takes no value, not "yes"', "cliai send --help"],
    [["ada", "--all", "--all"], "--all is given twice", "cliai send --help"],
    [["ada", "--wait", "sene"], '--wait "sene" is not one of stored, seen', "did you mean seen?"],
    [["ada", "two words", "more"], 'send takes no argument "more"', "put quotes around the text"],
    [["ada", "fix", "the", "bug"], 'send takes no argument "the"', 'cliai send ada "fix the bug"'],
    [[], "send needs AGENT", "cliai send bea"],
  ])("refuses %j", (args, message, hint) => {
    const act = () => checkArgs("send", args, definitions, { passesOn: false, example: "cliai send bea" });
    expect(act).toThrow(CliaiError);
    expect(act).toThrow(
      expect.objectContaining({ code: "usage", message, hint: expect.stringContaining(hint) }),
    );
  });
});

describe("a flag whose value may be left out", () => {
  const spawn = {
    profile: { type: "positional", required: false },
    text: { type: "positional", required: false },
    worktree: { type: "string", valueHint: "[BRANCH]" },
    all: { type: "boolean" },
  } satisfies ArgsDef;
  test.each([
    [["demo", "--worktree"], { profile: "demo", worktree: "" }],
    [["--worktree", "demo"], { profile: "demo", worktree: "" }],
    [["--worktree=", "demo"], { profile: "demo", worktree: "" }],
    [["--worktree=fix", "demo"], { profile: "demo", worktree: "fix" }],
    [["demo", "--worktree", "fix", "do it"], { profile: "demo", worktree: "fix", text: "do it" }],
    [["demo", "--worktree", "do it"], { profile: "demo", worktree: "", text: "do it" }],
    [["demo", "--worktree", "-"], { profile: "demo", worktree: "", text: "-" }],
    [["demo", "--worktree", "--all"], { profile: "demo", worktree: "", all: true }],
    [["demo", "do it", "--worktree", "fix"], { profile: "demo", worktree: "fix", text: "do it" }],
  ])("%j is read", (args, meant) => {
    const { rawArgs } = checkArgs("spawn", args, spawn, { passesOn: false });
    const { profile, text, worktree, all } = parseArgs<typeof spawn>(rawArgs, spawn);
    const given = Object.entries({ profile, text, worktree, all }).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(given)).toEqual(meant);
  });
});
