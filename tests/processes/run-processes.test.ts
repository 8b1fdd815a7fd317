import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { endProcess, endProcesses } from "../../src/processes/end-process.ts";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { type KnownProcess, parseTable, readProcessTable } from "../../src/processes/process-table.ts";
import { findRunProcesses, runVariable } from "../../src/processes/run-processes.ts";
import { waitFor } from "../support/wait-for.ts";

/** A process of the run `run` that starts these programs in the background, and prints the id of each. */
async function startFamily(run: string, programs: readonly string[]) {
  const script = `${programs.map((program) => `${program} >/dev/null 2>&1 & echo $!`).join("; ")}; wait`;
  const env = { PATH: process.env.PATH, [runVariable]: run };
  const child = spawn("sh", ["-c", script], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  const pids = await waitFor(
    () => {
      const lines = text.split("\n").slice(0, -1);
      return lines.length === programs.length && lines.map(Number);
    },
    { what: "its children" },
  );
  const parent = { pid: child.pid ?? 0, started: (await readProcessStart(child.pid ?? 0)) ?? "" };
  return { child, parent, pids };
}

const running = async (pids: readonly number[]) => {
  const starts = await Promise.all(pids.map(readProcessStart));
  return pids.filter((_, index) => starts[index] !== undefined);
};

describe("the processes of a run", () => {
  const stubborn = `sh -c 'trap "" TERM; while :; do sleep 600; done'`;

  test("are found by descent and by their environment, in whatever session they are, and ended", async () => {
    const run = crypto.randomUUID();
    const { child, parent, pids } = await startFamily(run, [
      "sleep 601",
      `setsid ${stubborn}`,
      "env -i /bin/sleep 602",
      // Nobody's child by the time it is looked for.
      "sh -c 'setsid sleep 603 & exec sleep 604'",
    ]);
    const other = await startFamily(crypto.randomUUID(), ["sleep 605"]);
    const isWhole = async () => (await findRunProcesses({ run, cli: parent })).length >= pids.length + 2;
    await waitFor(isWhole, { what: "all of them" });
    const found = await findRunProcesses({ run, cli: parent });
    const foundPids = found.map(({ pid }) => pid);
    expect(foundPids).toEqual(expect.arrayContaining(pids));
    expect(foundPids).not.toContain(parent.pid);
    expect(foundPids).not.toContain(process.pid);
    child.kill("SIGKILL");
    await once(child, "exit");

    // By their environment alone; the one that has none cannot be found any more.
    const orphans = (await findRunProcesses({ run })).map(({ pid }) => pid);
    expect(foundPids.filter((pid) => !orphans.includes(pid))).toEqual(pids.slice(2, 3));
    process.kill(pids[0] ?? 0, "SIGSTOP");
    expect(await endProcesses(found)).toEqual([]);
    expect(await running(foundPids)).toEqual([]);
    expect(await running(other.pids)).toEqual(other.pids);
    expect(
      await endProcesses([other.parent, ...(await findRunProcesses({ run: "", cli: other.parent }))]),
    ).toEqual([]);
  });

  test("a process that has the id of one that has ended is left alone", async () => {
    const child = spawn("sleep", ["606"], { stdio: "ignore" });
    const pid = child.pid ?? 0;
    const earlier: KnownProcess = { pid, started: "another start" };
    expect(await endProcesses([earlier])).toEqual([]);
    expect(await findRunProcesses({ run: crypto.randomUUID(), cli: earlier })).toEqual([]);
    expect(await running([pid])).toEqual([pid]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await running([pid])).toEqual([]);
  });

  test("the table of processes has this one, with its parent and its start", async () => {
    const { pid, ppid } = process;
    expect((await readProcessTable()).find((entry) => entry.pid === pid)).toEqual({
      ...{ pid, parentPid: ppid },
      started: (await readProcessStart(pid)) ?? "",
    });
  });

  test.each([
    ["of ps", "  501     1 Ss   Sat Nov  7 09:05:01 2026    \n", "Sat Nov 7 09:05:01 2026"],
    ["of PowerShell", "501 1 133756789012345678\r\n", "133756789012345678"],
  ])("a line %s is read", (_, text, started) => {
    expect(parseTable(`${text}nothing\n\n`)).toEqual([{ pid: 501, parentPid: 1, started }]);
  });

  test("a line of ps for a process that has ended is none", () => {
    expect(parseTable("502 1 Z+ Sat Nov  7 09:05:01 2026")).toEqual([]);
  });
});

describe("endProcess()", () => {
  const start = async (script: string) => {
    const child = spawn("sh", ["-c", `${script}; echo ready; while :; do sleep 0.05; done`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    const [terminate, kill] = [() => void child.kill("SIGTERM"), () => void child.kill("SIGKILL")];
    return { child, ended, parts: { terminate, kill, ended } };
  };

  test("asks first, and kills what does not go", async () => {
    const polite = await start("trap 'exit 7' TERM");
    await endProcess(polite.parts, 10_000);
    expect(await polite.ended).toEqual([7, null]);
    const stubborn = await start("trap '' TERM");
    await endProcess(stubborn.parts, 200);
    expect(await stubborn.ended).toEqual([null, "SIGKILL"]);
  });

  test("waits for nothing for ever", async () => {
    const calls: string[] = [];
    const never = { terminate: () => calls.push("asked"), kill: () => calls.push("killed") };
    await endProcess({ ...never, ended: new Promise(() => undefined) }, 10);
    expect(calls).toEqual(["asked", "killed"]);
  });
});
