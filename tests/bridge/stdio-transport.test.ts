import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { createStdioTransport } from "../../src/bridge/stdio-transport.ts";
import { silentLogger as log } from "../../src/log.ts";
import { staysPending, until } from "../support/wait-for.ts";

async function start() {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const taken: JSONRPCMessage[] = [];
  const ends: string[] = [];
  let written = "";
  stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  const transport = createStdioTransport({
    ...{ stdin, stdout, log },
    onIncoming: (message) => taken.push(message),
    onEnd: (how) => ends.push(how),
  });
  await transport.start();
  const answers = () =>
    written
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    ...{ transport, stdin, stdout, taken, ends, answers },
    say: (line: object | string) => {
      stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
    },
    answer: async () => {
      await until("an answer", () => answers().length > 0);
      return answers();
    },
  };
}

const ask = (id: number | string, method = "tools/list") => ({ jsonrpc: "2.0", id, method });
const never = new AbortController().signal;
const because = "with nothing that waits, it resolves at once";

describe("createStdioTransport() refuses", () => {
  test.each<[string, string, object]>([
    ["a line that is no JSON", "{", { id: null, error: { code: -32700 } }],
    [
      "JSON that is no JSON-RPC, to the id that it names",
      '{"id":7,"do":"it"}',
      { id: 7, error: { code: -32600 } },
    ],
    [
      "another version of it",
      '{"jsonrpc":"1.0","id":"a","method":"m"}',
      { id: "a", error: { code: -32600 } },
    ],
    ["an id that is no id", '{"id":{"a":1}}', { id: null, error: { code: -32600 } }],
    ["a value", "7", { id: null, error: { code: -32600 } }],
  ])("%s, and goes on", async (_what, line, expected) => {
    const run = await start();
    run.say(line);
    run.say(ask(8));
    expect(await run.answer()).toMatchObject([expected]);
    await until("the next message", () => run.taken.length === 1);
    expect(run.taken).toMatchObject([{ id: 8 }]);
    expect(run.ends).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ["first", (text) => `{"jsonrpc":"2.0","id":"a\\"b","method":"m","params":{"text":"${text}"}}`],
    ["last", (text) => `{"method":"m","params":{"text":"${text}"},"jsonrpc":"2.0","id":"a\\"b"}`],
  ])("a line over the limit to its own id, which stands %s", async (_where, line) => {
    const run = await start();
    // The text names another id.
    run.say(line(`${'\\"id\\":3,'.repeat(3)}${"x".repeat(33 * 1024 * 1024)}`));
    const [refused] = await run.answer();
    expect(refused).toMatchObject({ id: 'a"b', error: { code: -32600 } });
    expect(JSON.stringify(refused)).toContain("write the text to a file");
    expect(run.taken).toEqual([]);
  });
});

describe("createStdioTransport().settled()", () => {
  test("resolves when each request has its answer, an error or a result", async () => {
    const run = await start();
    run.say(ask(1));
    run.say(ask("1"));
    await until("both", () => run.taken.length === 2);
    const settled = run.transport.settled(60_000, never);
    await run.transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    await staysPending(settled, { what: "the second waits", because, forMs: 50 });
    await run.transport.send({ jsonrpc: "2.0", id: "1", error: { code: -1, message: "no" } });
    await settled;
    expect(run.answers().map(({ id }) => id)).toEqual([1, "1"]);
  });

  test("does not wait for a request that its client has cancelled: it gets no answer", async () => {
    const run = await start();
    run.say(ask(1));
    run.say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await until("both", () => run.taken.length === 2);
    await run.transport.settled(60_000, never);
  });

  test("waits no longer than it is told, nor after the signal", async () => {
    const run = await start();
    run.say(ask(1));
    await until("it", () => run.taken.length === 1);
    await run.transport.settled(10, never);
    const stop = new AbortController();
    const settled = run.transport.settled(60_000, stop.signal);
    stop.abort();
    await settled;
    await run.transport.settled(60_000, AbortSignal.abort());
  });
});

describe("createStdioTransport() ends", () => {
  test("once when stdin ends, with the last line though it has no end", async () => {
    const run = await start();
    run.stdin.end(JSON.stringify(ask(9)));
    await until("its end", () => run.ends.length > 0);
    expect(run.taken).toMatchObject([{ id: 9 }]);
    run.stdin.destroy();
    expect(run.ends).toEqual(["stdin closed"]);
  });

  test("when stdout breaks", async () => {
    const run = await start();
    run.stdout.destroy(new Error("EPIPE"));
    await until("its end", () => run.ends.length > 0);
    expect(run.ends).toEqual(["stdout closed"]);
  });

  test("when it is closed: it says nothing and hears nothing any more", async () => {
    const run = await start();
    let closings = 0;
    run.transport.onclose = () => {
      closings += 1;
    };
    await run.transport.close();
    await run.transport.close();
    await run.transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    run.say(ask(2));
    expect([closings, run.answers(), run.taken]).toEqual([1, [], []]);
  });
});
