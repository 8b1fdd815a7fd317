import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { readSending, type SendArgs } from "../../../src/cli/send/send-args.ts";
import { testContext } from "../../support/cli-context.ts";

/** The flags that every call has. */
const usual = { command: "task", agent: "ada", wait: "delivered", timeout: "10" };
const read = async (args: Partial<SendArgs>, stdin = "") =>
  await readSending(
    { ...usual, ...args } as SendArgs,
    testContext({ env: { USER: "ann" }, stdin: new PassThrough().end(stdin) }),
  );

describe("readSending()", () => {
  test("makes the order of the flags, from whoever is at this machine", async () => {
    expect(await read({ text: "dig", id: "k1", expires: "60", timeout: "0.5" })).toEqual({
      order: { type: "task", text: "dig", reason: undefined, force: undefined, expiresInS: 60, from: "ann" },
      ...{ key: "k1", wait: "delivered", timeoutMs: 500 },
    });
    const { order } = await read({ command: "stop", reason: "late", force: true });
    expect(order).toMatchObject({ type: "stop", text: undefined, reason: "late", force: true });
  });

  test("with --all, the word after the command is the text", async () => {
    expect((await read({ all: true, agent: "dig" })).order.text).toBe("dig");
    expect((await read({ all: true, agent: undefined, command: "stop" })).order.text).toBeUndefined();
  });

  test("- stands for the text on stdin", async () => {
    expect((await read({ text: "-" }, "dig\nhere")).order.text).toBe("dig\nhere");
  });

  test.each<[Partial<SendArgs>, string, string]>([
    [{}, "a task needs its text", 'cliai send task ada "what to do"'],
    [{ all: true, agent: undefined }, "a task needs its text", 'cliai send task --all "what to do"'],
    [
      { agent: undefined },
      "send needs the AGENT, --filter or --all",
      'cliai send task ada "what to do" (cliai ls lists the agents)',
    ],
    [{ all: true, text: "dig" }, '--all takes no AGENT, but "ada" is given', "cliai send --help"],
    [{ text: "dig", id: "a b" }, '--id "a b" is not 1 to 128 letters, digits, _ or -', "cliai send --help"],
    [
      { text: "dig", expires: "soon" },
      '--expires "soon" is not a number of seconds from 0.001 to 604800',
      "cliai send --help",
    ],
  ])("%j is refused", async (args, message, hint) => {
    await expect(read(args)).rejects.toMatchObject({ code: "usage", message, hint });
  });
});
