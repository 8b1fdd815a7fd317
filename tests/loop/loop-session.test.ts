import { expect, test } from "bun:test";
import { silentLogger } from "../../src/log.ts";
import { type SessionOut, startSession } from "../../src/loop/loop-session.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a cancel that comes while a turn is written to the disk counts for what was said since", async () => {
  await using dir = await tempDir();
  const written = Promise.withResolvers<void>();
  let asked = 0;
  const facts = async () => ({ kind: "openai", model: "m", context: undefined, calls: "native" }) as const;
  const ask = async () => {
    asked += 1;
    return { text: "Done.", calls: [], isCutOff: false, usage: undefined };
  };
  const flushed = Promise.withResolvers<void>();
  const nothing = () => undefined;
  const out: SessionOut = {
    ...{ message: nothing, thought: nothing, notice: nothing, usage: nothing },
    ...{ begins: nothing, runs: nothing, ends: nothing, holdsTools: false },
    ask: async () => "refused",
    heldWords: async () => [],
  };
  const file = {
    add: nothing,
    flush() {
      flushed.resolve();
      return written.promise;
    },
  };
  const place = {
    cwd: dir.path,
    servers: [],
    earlier: [],
    mode: "ask",
    file,
    out,
    over: new AbortController().signal,
  } as const;
  await using session = await startSession(place, {
    ...{ client: { facts, loadedFacts: facts, ask }, instructions: "", maxSteps: 3, commandForm: "args" },
    ...{ env: {}, version: "0", log: silentLogger },
  });
  const first = session.prompt("One.");
  await flushed.promise;
  const second = session.prompt("Two.");
  session.cancel();
  written.resolve();
  expect([(await first).reason, (await second).reason]).toEqual(["end_turn", "cancelled"]);
  expect(asked).toBe(1);
});
