import { describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import {
  endProcess,
  endProcesses,
  hasEnded,
  signalChild,
  signalKnown,
} from "../../src/processes/end-process.ts";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { waitFor } from "../support/wait-for.ts";

const isPosix = process.platform !== "win32";

/** A program that says when it is ready; a stubborn one takes no SIGTERM. */
async function startProgram(isStubborn = false): Promise<ChildProcess> {
  const ignore = isStubborn ? 'process.on("SIGTERM", () => undefined);' : "";
  const source = `${ignore} setInterval(() => undefined, 1_000); console.log("ready");`;
  const child = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

const endedOf = (child: ChildProcess) => new Promise<void>((resolve) => child.once("exit", () => resolve()));
const handOf = (child: ChildProcess) => ({
  terminate: () => signalChild(child, "SIGTERM"),
  kill: () => signalChild(child, "SIGKILL"),
  ended: endedOf(child),
});

describe("endProcess()", () => {
  test.skipIf(!isPosix)("asks first: one that goes is not killed", async () => {
    const child = await startProgram();
    await endProcess(handOf(child), 10_000);
    expect(child.signalCode).toBe("SIGTERM");
    expect(hasEnded(child)).toBe(true);
  });

  test.skipIf(!isPosix)("kills one that does not go in time", async () => {
    const child = await startProgram(true);
    await endProcess(handOf(child), 100);
    expect(child.signalCode).toBe("SIGKILL");
  });

  test.skipIf(!isPosix)("asks a second time one that may ignore the first, before it is killed", async () => {
    const source = `let asked = 0; process.on("SIGTERM", () => { asked += 1; if (asked === 2) process.exit(7); });
      setInterval(() => undefined, 1_000); console.log("ready");`;
    const child = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout as NodeJS.ReadableStream, "data");
    await endProcess({ ...handOf(child), isAskedAgain: true }, 20_000);
    expect([child.exitCode, child.signalCode]).toEqual([7, null]);
  });

  test("does not wait for ever for one that nothing ends", async () => {
    const asked: string[] = [];
    const beganMs = performance.now();
    const never = { terminate: () => void asked.push("ask"), kill: () => void asked.push("kill") };
    await endProcess({ ...never, ended: new Promise(() => undefined) }, 50);
    expect(asked).toEqual(["ask", "kill"]);
    expect(performance.now() - beganMs).toBeLessThan(20_000);
  });
});

describe("hasEnded()", () => {
  test("is true of a child that a signal ended, of one with an exit code, and of one that could not be started", async () => {
    const running = await startProgram();
    expect(hasEnded(running)).toBe(false);
    const over = endedOf(running);
    signalChild(running, "SIGKILL");
    await over;
    expect(hasEnded(running)).toBe(true);
    const done = spawn(process.execPath, ["-e", "process.exit(3)"]);
    await endedOf(done);
    expect(hasEnded(done)).toBe(true);
    const missing = spawn("/nowhere/no-such-program");
    await once(missing, "error");
    expect(hasEnded(missing)).toBe(true);
  });
});

describe("endProcesses()", () => {
  test.skipIf(!isPosix)(
    "ends what goes, kills what does not, and leaves another process with that id alone",
    async () => {
      const [willing, stubborn, other] = [
        await startProgram(),
        await startProgram(true),
        await startProgram(),
      ];
      const known = async ({ pid = 0 }: ChildProcess) => ({
        pid,
        started: (await readProcessStart(pid)) ?? "",
      });
      const found = [await known(willing), await known(stubborn)];
      // Its id is right, its start is not: the process that was meant has ended.
      const reused = { ...(await known(other)), started: "long ago" };
      expect(await endProcesses([...found, reused])).toEqual([]);
      await waitFor(() => hasEnded(willing) && hasEnded(stubborn), { what: "both have ended" });
      expect([willing.signalCode, stubborn.signalCode]).toEqual(["SIGTERM", "SIGKILL"]);
      expect(hasEnded(other)).toBe(false);
      const over = endedOf(other);
      signalChild(other, "SIGKILL");
      await over;
    },
  );
});

describe.skipIf(!isPosix)("signalKnown()", () => {
  test("ends the process that is meant, and no other that has its id by now; one that has ended is no error", async () => {
    const child = await startProgram();
    const ended = endedOf(child);
    const pid = child.pid ?? 0;
    const started = (await readProcessStart(pid)) ?? "";
    await signalKnown({ pid, started: "another start" }, "SIGKILL");
    expect(await readProcessStart(pid)).toBe(started);
    await signalKnown({ pid, started }, "SIGTERM");
    await ended;
    expect(child.signalCode).toBe("SIGTERM");
    await signalKnown({ pid, started }, "SIGTERM");
  });
});
