import { expect, test } from "bun:test";
import { startChild } from "./child.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

const node = (script: string, graceMs = 5000) => startChild("node", ["-e", script], { graceMs });
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: gone
  }
};

test("a child's line is found whether it came before or comes after the question", async () => {
  await using child = await node(
    `process.stdout.write("one\\nt"); process.stdin.on("data", () => console.log("wo"))`,
  );
  expect(await child.line("one")).toBe("one");
  const later = child.line(/^two$/);
  child.write("go");
  expect(await later).toBe("two");
  expect(await child.line("one")).toBe("one");
});

test("exit() gives the code and the complete output", async () => {
  await using child = await node(
    `process.stdout.write("x".repeat(300_000)); process.stderr.write("bad"); process.exitCode = 3`,
  );
  const end = await child.exit();
  expect(end.code).toBe(3);
  expect(end.stdout.length).toBe(300_000);
  expect(end.stderr).toBe("bad");
});

test("a missing line fails with the output as soon as the child ends", async () => {
  await using child = await node(`console.error("no such port")`);
  await expect(child.line("ready", { deadlineMs: 60_000 })).rejects.toThrow(
    /ended \(0\).*ready[\s\S]*no such port/,
  );
});

test("a program that is not there is an error, not a hang", async () => {
  await expect(startChild("/nowhere/at-all", [])).rejects.toThrow("ENOENT");
});

test("leaving the scope ends the child, also one that ignores SIGTERM", async () => {
  let pid = 0;
  {
    await using child = await node(
      `process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6); console.log("up")`,
      100,
    );
    await child.line("up");
    pid = child.pid;
    expect(isAlive(pid)).toBe(true);
  }
  expect(isAlive(pid)).toBe(false);
});

test("waitFor() returns the first truthy value and says at the deadline what it last saw", async () => {
  let calls = 0;
  expect(await waitFor(() => ++calls === 3 && "third", { what: "the third call" })).toBe("third");
  const never = waitFor(() => Promise.reject(new Error("refused")), { what: "a connection", deadlineMs: 60 });
  await expect(never).rejects.toThrow(/60 ms: a connection; last saw: .*refused/);
  const hanging = waitFor(() => new Promise<string>(() => {}), { what: "an answer", deadlineMs: 60 });
  await expect(hanging).rejects.toThrow("not within 60 ms: an answer");
});

test("a temporary directory is private and gone after its scope", async () => {
  const { stat, writeFile } = await import("node:fs/promises");
  let path = "";
  {
    await using dir = await tempDir();
    path = dir.path;
    await writeFile(dir.join("file"), "x");
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o700);
  }
  await expect(stat(path)).rejects.toThrow("ENOENT");
});
