// One serve on one data directory: on real files and real HTTP servers.
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createFrontDoor } from "../../src/cli/front-door.ts";
import { ensureOwnDir, writePrivateFile } from "../../src/cli/private-files.ts";
import { readServeFile, writeServeFile } from "../../src/cli/serve-file.ts";
import { refuseSecondServe, takeLock } from "../../src/cli/serve-lock.ts";
import { serveHttp } from "../../src/runtime.ts";
import { tempDir } from "../support/temp-dir.ts";

async function holder(instance: string) {
  const { fetch } = createFrontDoor(instance);
  const http = await serveHttp({ host: "127.0.0.1", port: 0, maxBodyBytes: 1024, fetch });
  return {
    instance,
    url: `http://127.0.0.1:${http.port}`,
    [Symbol.asyncDispose]: () => http.stop(),
  };
}

describe("takeLock()", () => {
  test("keeps a second serve out while the first answers, and lets it in afterwards", async () => {
    await using dir = await tempDir();
    await using first = await holder("first");
    await using second = await holder("second");
    const release = await takeLock(dir.path, first);
    expect(takeLock(dir.path, second)).rejects.toThrow(
      `another serve already runs on ${dir.path}, at ${first.url}`,
    );
    await release();
    await (await takeLock(dir.path, second))();
    expect(await readdir(dir.path)).toEqual([]);
  });

  test("takes over from a serve that was killed, and from one whose port somebody else has now", async () => {
    await using dir = await tempDir();
    await using other = await holder("somebody else");
    await using own = await holder("own");
    for (const url of ["http://127.0.0.1:1", other.url]) {
      await writeFile(dir.join("serve.lock"), JSON.stringify({ url, instance: "killed" }));
      const release = await takeLock(dir.path, own);
      expect(JSON.parse(await readFile(dir.join("serve.lock"), "utf8"))).toMatchObject({ instance: "own" });
      await release();
    }
  });

  test("of many that find a dead lock at once, one takes it", async () => {
    await using dir = await tempDir();
    await using stack = new AsyncDisposableStack();
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => stack.use(await holder(`s${n}`))),
    );
    await writeFile(
      dir.join("serve.lock"),
      JSON.stringify({ url: "http://127.0.0.1:1", instance: "killed" }),
    );
    const results = await Promise.allSettled(all.map((each) => takeLock(dir.path, each)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("counts one that accepts and is silent as alive", async () => {
    await using dir = await tempDir();
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    using stack = new DisposableStack();
    stack.defer(() => void silent.close());
    const { port } = silent.address() as { port: number };
    await writeFile(
      dir.join("serve.lock"),
      JSON.stringify({ url: `http://127.0.0.1:${port}`, instance: "x" }),
    );
    expect(refuseSecondServe(dir.path)).rejects.toThrow("another serve already runs");
    await refuseSecondServe(dir.path).catch(() => undefined);
  });

  test("does not give up a lock that is another's by now", async () => {
    await using dir = await tempDir();
    await using own = await holder("own");
    const release = await takeLock(dir.path, own);
    const others = JSON.stringify({ url: own.url, instance: "another" });
    await writeFile(dir.join("serve.lock"), others);
    await release();
    expect(await readFile(dir.join("serve.lock"), "utf8")).toBe(others);
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
