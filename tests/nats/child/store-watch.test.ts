import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../../src/log.ts";
import { watchStore } from "../../../src/nats/child/store-watch.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { stays, until } from "../../support/wait-for.ts";

async function start() {
  const dir = await tempDir();
  const told: string[] = [];
  let spaces = 0;
  const watch = watchStore(
    dir.path,
    () => {
      spaces += 1;
    },
    { ...silentLogger, error: (line) => told.push(line) },
  );
  return {
    ...{ watch, told },
    spaces: () => spaces,
    async [Symbol.asyncDispose]() {
      watch.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const isOff = "[1] 2026/05/03 12:00:00 [WRN] JetStream out of File resources, will be DISABLED";
const noSpace =
  "[1] 2026/05/03 12:00:00 [ERR] JetStream resource critical write error: no space left on device";
const broken = "[1] 2026/05/03 12:00:00 [ERR] RAFT critical write error: input/output error";

describe("watchStore()", () => {
  test.each([isOff, noSpace])(
    "a store that was turned off for want of space is told, until a restart: %s",
    async (line) => {
      await using run = await start();
      expect(run.watch.trouble()).toBeUndefined();
      run.watch.read(line);
      expect(run.watch.trouble()).toContain("is full");
      // There is space in the directory of the test, so a restart helps.
      await until("a restart is asked for", () => run.spaces() > 0);
      run.watch.reset();
      expect(run.watch.trouble()).toBeUndefined();
    },
  );

  test("another error of the disk is told in nats-server's words, the first of them, and no restart is asked for", async () => {
    await using run = await start();
    run.watch.read(broken);
    run.watch.read(broken.replace("input/output error", "another"));
    expect(run.watch.trouble()).toBe(
      "nats-server cannot write its store: RAFT critical write error: input/output error",
    );
    await stays(() => run.spaces() === 0, {
      ...{ what: "no restart is asked for", because: "it looks at the disk each second", forMs: 1_500 },
    });
    run.watch.reset();
    expect(run.watch.trouble()).toBeUndefined();
  });

  test("says it in the log once, and once more when it has come again", async () => {
    await using run = await start();
    run.watch.read(broken);
    run.watch.read(broken);
    expect(run.told).toHaveLength(1);
    run.watch.reset();
    run.watch.read("[1] 2026/05/03 12:00:00 [INF] Server is ready");
    run.watch.read(broken);
    expect(run.told).toHaveLength(2);
  });

  test("takes no other line for trouble", async () => {
    await using run = await start();
    for (const line of ["[INF] no space left to say", "[WRN] Slow Consumer", "[ERR] authorization violation"])
      run.watch.read(line);
    expect(run.watch.trouble()).toBeUndefined();
  });
});
