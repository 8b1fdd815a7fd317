import { expect, test } from "bun:test";
import { promptGuest } from "../../../src/agent-protocol/guests/prompt-guest.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Told } from "../../../src/nats/micro-client.ts";

const piece = (type: string, data: unknown): Told => ({
  kind: "piece",
  data: new TextEncoder().encode(JSON.stringify({ type, data })),
});
const end: Told = { kind: "end" };

/** How a prompt ends that is told these at once, and nothing more, and what was called meanwhile. */
async function endOf(told: readonly Told[], signal = new AbortController().signal) {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const result = await promptGuest({
    send: (onTold) => {
      for (const each of told) onTold(each);
      return note("stopped");
    },
    ...{ onTaken: note("taken"), onSeen: note("seen"), onText: note("text"), onFiles: note("files") },
    ...{ onQuery: note("query"), isAsking: () => false, signal, silentForMs: 1_000, log: silentLogger },
  });
  return { ...result, calls };
}

test("gives up an answer that stops, and says what is known of it", async () => {
  const [silent, broken] = await Promise.all([endOf([]), endOf([piece("status", "ack")])]);
  const [unheard, untaken] = ["did not acknowledge the prompt within 1 s", "no sign from it for 1 s"];
  expect(silent).toMatchObject({ kind: "failed", why: `it ${unheard}; it may still work on it` });
  expect(broken).toMatchObject({ kind: "failed", why: `${untaken}; it may still work on it` });
  expect(silent.calls).toEqual(["stopped"]);
  expect(broken.calls).toEqual(["taken", "stopped"]);
});

test("takes an ack for no more than that, and words for a sign of work", async () => {
  const acks = [piece("status", "ack"), piece("status", "ack"), piece("status", "busy")];
  expect((await endOf([...acks, end])).calls).toEqual(["taken", "stopped"]);
  const words = await endOf([piece("response", "a"), piece("response", "b"), end]);
  expect(words).toEqual({ kind: "answered", calls: ["taken", "seen", "text", "text", "stopped"] });
  expect(await endOf([end])).toMatchObject({ kind: "failed" });
  expect(await endOf([{ kind: "nobody" }])).toMatchObject({ kind: "nobody", calls: ["stopped"] });
});

test("does not take an empty piece for words, but for a sign that the prompt has come", async () => {
  const empty = [piece("response", ""), piece("response", { text: " \n", attachments: [{}] })];
  expect((await endOf([...empty, end])).calls).toEqual(["taken", "text", "text", "files", "stopped"]);
  const late = await endOf([...empty, piece("response", "a"), end]);
  expect(late.calls).toEqual(["taken", "text", "text", "files", "seen", "text", "stopped"]);
});

test("gives up an answer that ends as if nobody listened, after a sign that somebody has the prompt", async () => {
  const { kind, ...rest } = await endOf([piece("status", "ack"), { kind: "nobody" }]);
  expect(kind).toBe("failed");
  expect(rest).toMatchObject({ why: "it ended the answer as if nobody listened; it may still work on it" });
});

test("sends nothing if it was given up before, and says why if it is given up later", async () => {
  expect(await endOf([], AbortSignal.abort("cliai serve ended"))).toEqual({ kind: "nobody", calls: [] });
  const ending = new AbortController();
  const over = endOf([piece("status", "ack")], ending.signal);
  ending.abort("its service is gone");
  expect(await over).toMatchObject({ kind: "failed", why: "its service is gone" });
});
