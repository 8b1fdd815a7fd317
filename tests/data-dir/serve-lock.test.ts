// One serve on one data directory: on real files and real HTTP servers.
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { createStartupHandler } from "../../src/cli/serve/startup-handler.ts";
import { isKernelLocked } from "../../src/data-dir/kernel-lock.ts";
import { ensureOwnDir, writePrivateFile } from "../../src/data-dir/private-files.ts";
import { readServeFile, removeServeFile, writeServeFile } from "../../src/data-dir/serve-file.ts";
import {
  isServed,
  readCommand,
  refuseSecondServe,
  takeLock,
  takeWhole,
  waitWhileWhole,
} from "../../src/data-dir/serve-lock.ts";
import { serveHttp } from "../../src/runtime.ts";
import { tempDir } from "../support/temp-dir.ts";
import { staysPending } from "../support/wait-for.ts";

async function holder(instance: string) {
  const { fetch } = createStartupHandler(instance);
  const http = await serveHttp({ host: "127.0.0.1", port: 0, maxBodyBytes: 1024, fetch });
  return {
    instance,
    url: `http://127.0.0.1:${http.port}`,
    [Symbol.asyncDispose]: () => http.stop(),
  };
}

const older = (url: string) => JSON.stringify({ url, instance: "older" });

describe("takeLock()", () => {
  test("keeps a second serve out while the first lives, and lets it in afterwards", async () => {
    await using dir = await tempDir();
    const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "first" });
    const second = { url: "http://127.0.0.1:2", instance: "second" };
    expect(await isServed(dir.path)).toBe(true);
    expect(await takeLock(dir.path, second).catch((error: unknown) => error)).toMatchObject({
      code: "already_running",
      message: `another serve already runs on ${dir.path}, at http://127.0.0.1:1`,
    });
    await release();
    expect(await isServed(dir.path)).toBe(false);
    await (await takeLock(dir.path, second))();
    expect(await readdir(dir.path)).toEqual(["serve.held"]);
  });

  test("is held by the process alone: whatever becomes of the file that says who holds it", async () => {
    await using dir = await tempDir();
    const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "first" });
    for (const text of [
      undefined,
      "",
      "{",
      '{"url":"http://127.0.0.1:1","instance":"x","held_by":"kernel"}',
    ]) {
      if (text === undefined) await rm(dir.join("serve.lock"));
      else await writeFile(dir.join("serve.lock"), text);
      expect(await refuseSecondServe(dir.path).catch((error: unknown) => error)).toMatchObject({
        code: "already_running",
      });
    }
    await release();
    await refuseSecondServe(dir.path);
  });

  test("of many at once, one takes it", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("serve.lock"), older("http://127.0.0.1:1"));
    const all = Array.from({ length: 8 }, (_, n) => ({ url: "http://127.0.0.1:1", instance: `s${n}` }));
    const results = await Promise.allSettled(all.map((each) => takeLock(dir.path, each)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("keeps out of a directory that a serve of 0.1.0 holds, also one that accepts and is silent", async () => {
    await using dir = await tempDir();
    await using living = await holder("older");
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    using stack = new DisposableStack();
    stack.defer(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    for (const url of [living.url, `http://127.0.0.1:${port}`]) {
      await writeFile(dir.join("serve.lock"), older(url));
      const own = { url: "http://127.0.0.1:1", instance: "own" };
      expect(await takeLock(dir.path, own).catch((error: unknown) => error)).toMatchObject({
        code: "already_running",
      });
      expect(isKernelLocked(dir.join("serve.held"))).toBe(false);
      expect(await readFile(dir.join("serve.lock"), "utf8")).toBe(older(url));
    }
  });

  test("takes over from a serve of 0.1.0 that was killed, and from one whose port somebody else has now", async () => {
    await using dir = await tempDir();
    await using other = await holder("somebody else");
    for (const url of ["http://127.0.0.1:1", other.url]) {
      await writeFile(dir.join("serve.lock"), older(url));
      const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "own" });
      expect(JSON.parse(await readFile(dir.join("serve.lock"), "utf8"))).toMatchObject({ instance: "own" });
      await release();
    }
  });

  test("does not remove a file that is another's by now", async () => {
    await using dir = await tempDir();
    const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "own" });
    const others = JSON.stringify({ url: "http://127.0.0.1:2", instance: "another" });
    await writeFile(dir.join("serve.lock"), others);
    await release();
    expect(await readFile(dir.join("serve.lock"), "utf8")).toBe(others);
  });
});

describe("takeWhole()", () => {
  test("keeps a serve and another command away, and says by whom and which process", async () => {
    await using dir = await tempDir();
    const { pid } = process;
    const whole = await takeWhole(dir.path, "backup");
    expect(await readCommand(dir.path)).toEqual({ name: "backup", pid });
    for (const other of [takeWhole(dir.path, "uninstall"), refuseSecondServe(dir.path)])
      expect(await other.catch((error: unknown) => error)).toMatchObject({
        code: "already_running",
        message: `cliai backup (pid ${pid}) has ${dir.path} for itself`,
      });
    whole.release();
    expect(await readCommand(dir.path)).toBeUndefined();
    expect((await readdir(dir.path)).sort()).toEqual(["serve.held", "serve.starting"]);
  });

  test("does not take a serve for a command that was killed before", async () => {
    await using dir = await tempDir();
    const lock = { url: "", instance: "", held_by: "kernel", command: { name: "backup", pid: 1 } };
    await writeFile(dir.join("serve.lock"), JSON.stringify(lock));
    expect(await readCommand(dir.path)).toBeUndefined();
    const release = await takeLock(dir.path, { url: "http://127.0.0.1:1", instance: "first" });
    expect(await readCommand(dir.path)).toBeUndefined();
    expect(await takeWhole(dir.path, "backup").catch((error: unknown) => error)).toMatchObject({
      message: `a server runs on ${dir.path}`,
    });
    await release();
  });
});

describe("waitWhileWhole()", () => {
  test("resolves when the command has ended, and says once for whom it waits", async () => {
    await using dir = await tempDir();
    const told: unknown[] = [];
    const onWait = (command: unknown) => void told.push(command);
    await waitWhileWhole(dir.path, { onWait });
    expect(told).toEqual([]);
    const whole = await takeWhole(dir.path, "backup");
    const waiting = waitWhileWhole(dir.path, { onWait });
    await staysPending(waiting, {
      what: "the server waits",
      because: "a wait that ends early ends within ms",
    });
    whole.release();
    await waiting;
    expect(told).toEqual([{ name: "backup", pid: process.pid }]);
  });

  test("refuses if the command does not end in time, and at once if it removes the directory", async () => {
    await using dir = await tempDir();
    const refused = (name: string) => ({
      code: "already_running",
      message: `cliai ${name} (pid ${process.pid}) has ${dir.path} for itself`,
    });
    const told: string[] = [];
    const onWait = ({ name }: { readonly name: string }) => void told.push(name);
    const backup = await takeWhole(dir.path, "backup");
    const soon = waitWhileWhole(dir.path, { onWait, withinMs: 50 });
    await expect(soon).rejects.toMatchObject(refused("backup"));
    backup.release();
    const uninstall = await takeWhole(dir.path, "uninstall");
    await expect(waitWhileWhole(dir.path, { onWait })).rejects.toMatchObject(refused("uninstall"));
    uninstall.release();
    expect(told).toEqual(["backup"]);
  });
});

describe("serve.json", () => {
  const content = {
    url: "http://127.0.0.1:3000",
    nats_url: "nats://127.0.0.1:4222",
    data_dir: "/data",
    version: "0.1.0",
    nats_version: "2.12.0",
    pid: 7,
    instance: "i",
  };

  test("is read as it was written, for this user alone", async () => {
    await using dir = await tempDir();
    expect(await readServeFile(dir.path)).toBeUndefined();
    await writeServeFile(dir.path, content);
    expect(await readServeFile(dir.path)).toEqual(content);
    expect((await stat(dir.join("serve.json"))).mode & 0o777).toBe(0o600);
  });

  test("is removed by the start that wrote it alone", async () => {
    await using dir = await tempDir();
    await writeServeFile(dir.path, content);
    removeServeFile(dir.path, "another");
    expect(await readServeFile(dir.path)).toEqual(content);
    removeServeFile(dir.path, content.instance);
    expect(await readServeFile(dir.path)).toBeUndefined();
  });

  test.each(["", "{", "[]", '{"url":"x"}', "\u0000\u0001"])(
    "names the file when it holds %j",
    async (text) => {
      await using dir = await tempDir();
      await writeFile(dir.join("serve.json"), text);
      expect(readServeFile(dir.path)).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining(dir.join("serve.json")),
        hint: expect.stringContaining("remove it"),
      });
    },
  );
});

describe("private files", () => {
  test("a symbolic link in a file's place is replaced, not followed", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("victim"), "precious");
    await symlink(dir.join("victim"), dir.join("mcp.json"));
    await writePrivateFile(dir.join("mcp.json"), "{}");
    expect(await readFile(dir.join("victim"), "utf8")).toBe("precious");
    expect(await readFile(dir.join("mcp.json"), "utf8")).toBe("{}");
    expect(await readdir(dir.path)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^\./)]));
  });

  test("a directory of our own is made private again, and is no symbolic link", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("agents"), { mode: 0o755 });
    await ensureOwnDir(dir.join("agents"));
    expect((await stat(dir.join("agents"))).mode & 0o777).toBe(0o700);
    await symlink(dir.join("agents"), dir.join("link"));
    expect(ensureOwnDir(dir.join("link"))).rejects.toThrow("a symbolic link stands in its place");
  });
});
