import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { readProcessStart, startInStat } from "../../src/processes/process-start.ts";
import {
  findByEnvironment,
  parseTable,
  readProcessTable,
  stillRunning,
} from "../../src/processes/process-table.ts";

const isLinux = process.platform === "linux";

async function startProgram(env: NodeJS.ProcessEnv = {}) {
  const source = 'setInterval(() => undefined, 1_000); console.log("ready");';
  const child = spawn(process.execPath, ["-e", source], {
    ...{ stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } },
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const over = once(child, "exit");
      child.kill("SIGKILL");
      await over;
    },
  };
}

describe("readProcessTable()", () => {
  test("has this process and its child, with its parent and its start", async () => {
    await using child = await startProgram();
    const table = await readProcessTable();
    expect(table.find(({ pid }) => pid === process.pid)).toBeDefined();
    const entry = table.find(({ pid }) => pid === child.pid);
    expect(entry?.parentPid).toBe(process.pid);
    if (process.platform !== "win32")
      expect(entry?.started).toBe((await readProcessStart(child.pid)) as string);
  });
});

describe("findByEnvironment()", () => {
  test.skipIf(process.platform === "win32")("finds a process by a variable of its own, whole", async () => {
    const value = crypto.randomUUID();
    await using child = await startProgram({ CLIAI_TEST_MARK: value });
    const table = await readProcessTable();
    const found = async (name: string, wanted: string) =>
      (await findByEnvironment(table, name, wanted)).map(({ pid }) => pid);
    expect(await found("CLIAI_TEST_MARK", value)).toEqual([child.pid]);
    expect(await found("TEST_MARK", value)).toEqual([]);
    expect(await found("CLIAI_TEST_MARK", crypto.randomUUID())).toEqual([]);
    if (isLinux) expect(await found("CLIAI_TEST_MARK", value.slice(0, -1))).toEqual([]);
  });
});

describe("stillRunning()", () => {
  test("leaves those whose id and start are those of a process that runs", async () => {
    const table = await readProcessTable();
    const own = table.filter(({ pid }) => pid === process.pid);
    const reused = own.map((each) => ({ ...each, started: "long ago" }));
    let gone: typeof own;
    {
      await using child = await startProgram();
      gone = (await readProcessTable()).filter(({ pid }) => pid === child.pid);
      expect(await stillRunning(gone)).toEqual(gone);
    }
    expect(await stillRunning([...own, ...reused, ...gone])).toEqual(own);
    expect(await stillRunning([])).toEqual([]);
  });
});

describe("parseTable()", () => {
  test("reads what ps and PowerShell write, and leaves out zombies and what is no row", () => {
    const text = [
      "    1     0 Ss   Mon Nov 23 05:21:10 2026    ",
      " 4711     1 S+   Mon Nov  2 05:21:10 2026",
      " 4712     1 Z    Mon Nov 23 05:21:10 2026",
      "5000 4711 134088888880000000",
      "no row",
      "",
    ].join("\n");
    expect(parseTable(text)).toEqual([
      { pid: 1, parentPid: 0, started: "Mon Nov 23 05:21:10 2026" },
      { pid: 4711, parentPid: 1, started: "Mon Nov 2 05:21:10 2026" },
      { pid: 5000, parentPid: 4711, started: "134088888880000000" },
    ]);
  });
});

describe("startInStat()", () => {
  const stat = (name: string, state: string, start: string) =>
    `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 ${start} 1000 1 2`;

  test("is the boot and the tick of the start, whatever the program is called", () => {
    expect(startInStat(stat("bun", "S", "777"), "boot-1\n")).toBe("boot-1 777");
    expect(startInStat(stat("a) S 1 (b", "R", "778"), "boot-1\n")).toBe("boot-1 778");
  });

  test.each(["Z", "X", "x"])("of a process in the state %s there is none: it has ended", (state) => {
    expect(startInStat(stat("bun", state, "777"), "boot-1")).toBeUndefined();
  });

  test("of a text that is cut off there is none", () => {
    expect(startInStat("42 (bun) S 1", "boot-1")).toBeUndefined();
  });
});
