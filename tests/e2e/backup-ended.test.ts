// `cliai backup` and `cliai restore` that are ended half-way, that meet each other, or that find no space.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Child, startChild } from "../support/child.ts";
import { cliaiCommand, runCliai, startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

let dir: Awaited<ReturnType<typeof tempDir>>;
let dataDir: string;
let file: string;

beforeAll(async () => {
  dir = await tempDir();
  dataDir = dir.join("data");
  file = dir.join("backup.tar");
  await using serve = await startServe({ dataDir, args: ["--insecure"] });
  expect(await serve.run(["backup", file])).toMatchObject({ code: 0 });
});

afterAll(() => dir[Symbol.asyncDispose]());

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A restore that is stopped while its nats-server makes the streams. */
async function startHalfRestore(
  target: string,
): Promise<{ restore: Child; folder: string; natsPid: number }> {
  const parent = dirname(target);
  await mkdir(parent);
  const restore = await startCliai(["restore", file, "--data-dir", target]);
  const found = await until("it makes the streams", async () => {
    const [name] = (await readdir(parent)).filter((each) => /\.restoring-[0-9a-f-]{45}$/.test(each));
    const folder = join(parent, name ?? "");
    const { pid } = JSON.parse(await readFile(join(folder, "nats", "run.json"), "utf8"));
    const streams = await readdir(join(folder, "nats", "jetstream", "$G", "streams"));
    return streams.length > 0 && { folder, natsPid: pid as number };
  });
  restore.kill("SIGSTOP");
  return { restore, ...found };
}

describe("cliai restore", () => {
  test("leaves nothing when its terminal closes", async () => {
    const target = dir.join("hung-up", "data");
    const { restore, natsPid } = await startHalfRestore(target);
    restore.kill("SIGHUP");
    restore.kill("SIGCONT");
    expect(await restore.exit()).toMatchObject({
      ...{ code: 130, signal: null, stdout: "" },
      stderr: "error: interrupted: its terminal has closed\n",
    });
    expect(await readdir(dirname(target))).toEqual([]);
    expect(isRunning(natsPid)).toBe(false);
  });

  test("that is killed leaves no nats-server, and what it leaves, with keys in it, is removed by the next one", async () => {
    const target = dir.join("killed", "data");
    const { restore, folder, natsPid } = await startHalfRestore(target);
    // What another one is at work on is left alone.
    expect(await runCliai(["restore", file, "--data-dir", join(dirname(target), "other")])).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("removed"),
    });
    restore.kill("SIGKILL");
    await restore.exit();
    await until("its nats-server has ended", () => !isRunning(natsPid));
    expect(await readdir(folder)).toContain("keys");
    const doctor = await runCliai(["doctor", "--data-dir", target]);
    expect(doctor.stdout).toContain(`${folder} is what a killed cliai has left, with keys in it`);
    const again = await runCliai(["restore", file, "--data-dir", target]);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`removed ${folder}, which`) });
    expect((await readdir(dirname(target))).sort()).toEqual(["data", "other"]);
  });
});

test("cliai backup without a server keeps all others away, says so, and goes on without a terminal if it is to", async () => {
  const [command, ...first] = cliaiCommand();
  const target = dir.join("offline.tar");
  const args = [...first, "backup", target, "--data-dir", dataDir];
  await using backup = await startChild("nohup", [command, ...args], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    stdin: "ignore",
  });
  await until("it has the directory for itself", async () =>
    (await readFile(join(dataDir, "serve.lock"), "utf8")).includes('"backup"'),
  );
  backup.kill("SIGSTOP");
  const busy = `cliai backup (pid ${backup.pid}) has ${dataDir} for itself`;
  for (const words of [["backup", dir.join("second.tar")], ["down"], ["uninstall", "--yes"]]) {
    expect(await runCliai([...words, "--data-dir", dataDir])).toMatchObject({
      ...{ code: 2, stdout: "" },
      stderr: `error: ${busy}\nhint: wait until it has ended, then try it again\n`,
    });
  }
  const ports = ["--port", "0", "--nats-port", "0"];
  await using serve = await startCliai(["serve", "--insecure", ...ports, "--data-dir", dataDir]);
  await serve.line(`${busy}: the server waits until it has ended`, { from: "stderr" });
  const status = await runCliai(["status", "--data-dir", dataDir]);
  expect(status).toMatchObject({ code: 3, stdout: expect.stringContaining("has it for itself") });
  backup.kill("SIGHUP");
  backup.kill("SIGCONT");
  expect(await backup.exit()).toMatchObject({ code: 0, stdout: expect.stringContaining("saved ") });
  expect(await runCliai(["restore", target, "--check"])).toMatchObject({ code: 0 });
  await serve.line("http://127.0.0.1:");
  serve.kill("SIGTERM");
  expect(await serve.exit()).toMatchObject({ code: 0 });
  expect(await readdir(dataDir)).not.toContain("serve.lock");
});

test("without space, backup and restore name the file, the reason and what to do, and leave nothing", async () => {
  const [command, ...first] = cliaiCommand();
  await mkdir(dir.join("small"));
  const withSmallFiles = async (...args: readonly string[]) => {
    const script = 'ulimit -f 8; exec "$0" "$@"'; // 8 blocks of 512 or 1024 bytes
    await using child = await startChild("sh", ["-c", script, command, ...first, ...args], {
      env: { PATH: process.env.PATH, HOME: "/nonexistent", CLIAI_NO_START: "1" },
    });
    return await child.exit();
  };
  const target = dir.join("small", "backup.tar");
  const saved = await withSmallFiles("backup", target, "--data-dir", dataDir);
  expect(saved).toMatchObject({ code: 1, stdout: "" });
  expect(saved.stderr).toMatch(
    /^error: cannot write .*\/small\/backup\.tar: EFBIG: .*\nhint: .*enough space\n$/,
  );
  const restored = await withSmallFiles("restore", file, "--data-dir", dir.join("small", "data"));
  expect(restored).toMatchObject({ code: 1, stdout: "" });
  expect(restored.stderr).toMatch(
    /^error: cannot restore .*\/small\/data: .*EFBIG: .*\nhint: \d+ MB are free there; its streams need \d+ MB.*\n$/,
  );
  expect(await readdir(dir.join("small"))).toEqual([]);
});
