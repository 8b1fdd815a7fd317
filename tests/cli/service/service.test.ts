// `cliai service` with a manager that is only a script: what it is told, and what a person is told. With a real one: `bun run service-check`.
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkService } from "../../../src/cli/doctor/service.ts";
import { nodeHeldPath, writeNode } from "../../../src/cli/node/node-file.ts";
import { endNode, readNodeRun, startBackgroundNode } from "../../../src/cli/node/node-run.ts";
import { serviceCommand } from "../../../src/cli/service/service.ts";
import { uninstallCommand } from "../../../src/cli/uninstall.ts";
import { isKernelLocked, takeKernelLock } from "../../../src/data-dir/kernel-lock.ts";
import { takeLock } from "../../../src/data-dir/serve-lock.ts";
import { createUserKey } from "../../../src/nats/accounts/node-credentials.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

/** @param systemctl what the script does besides noting its arguments */
async function place(systemctl: string) {
  const dir = await tempDir();
  const [bin, home, data] = [dir.join("bin"), dir.join("home"), dir.join("data")];
  for (const each of [bin, home, data]) await mkdir(each, { mode: 0o700 });
  const script = dir.join("bin", "systemctl");
  await writeFile(script, `#!/bin/sh\necho "$*" >> ${dir.join("told")}\n${systemctl}\n`);
  await chmod(script, 0o755);
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, USER: "kim" };
  return {
    ...dir,
    ...{ data, env },
    unit: dir.join("home", ".config", "systemd", "user", "cliai.service"),
    told: async () => (await readFile(dir.join("told"), "utf8").catch(() => "")).split("\n").filter(Boolean),
    async run(...args: string[]) {
      const [act = "", ...flags] = args;
      const context = testContext({ env, json: args.includes("--json") });
      const own = args.includes("--") ? flags.indexOf("--") : flags.length;
      const words = [act, ...flags.slice(0, own), "--data-dir", data, ...flags.slice(own)];
      const code = await serviceCommand.run(words, context);
      return { code, ...context };
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const text = (path: string) => readFile(path, "utf8").catch(() => undefined);

test.if(process.platform === "linux")(
  "doctor and uninstall tell of a service that is installed",
  async () => {
    await using dir = await place("exit 1");
    const context = testContext({ env: { HOME: dir.join("home"), USER: "nobody-lingers" } });
    expect(await checkService(dir.data, context)).toEqual([]);
    await mkdir(dirname(dir.unit), { recursive: true });
    const [, made = ""] = (await dir.run("install", "--dry-run")).printed;
    await writeFile(dir.unit, made);
    const [check] = await checkService(dir.data, context);
    expect(check).toMatchObject({ check: "service", ok: true });
    expect(check?.message).toContain("loginctl enable-linger nobody-lingers");
    await uninstallCommand.run(["--data-dir", dir.data], context);
    expect(context.noted).toContain(
      `left: the service (${dir.unit}); to remove it: cliai service uninstall --name cliai --data-dir ${dir.data}`,
    );
    // The service of another data directory is none of this one.
    await writeFile(dir.unit, made.replace(dir.data, "/home/kim/other"));
    expect(await checkService(dir.data, context)).toEqual([]);
    const other = testContext({ env: { HOME: dir.join("home"), CLIAI_HOME: dir.data } });
    await uninstallCommand.run([], other);
    expect(other.noted.filter((line) => line.includes("service"))).toEqual([]);
  },
);

describe.if(process.platform === "linux")("cliai service", () => {
  test("--dry-run prints the file and the commands, and does nothing", async () => {
    await using dir = await place("exit 1");
    const { code, printed } = await dir.run("install", "--dry-run", "--", "--port", "0");
    expect(code).toBe(0);
    expect(printed[0]).toBe(`# ${dir.unit}`);
    expect(printed[1]).toMatch(/^ExecStart=.* "serve" "--data-dir=.*" "--json" "--port" "0"$/m);
    expect(printed.at(-1)).toBe("$ systemctl --user restart cliai.service");
    expect([await dir.told(), await text(dir.unit)]).toEqual([[], undefined]);
  });

  test("names the files of serve's flags in full, because the manager runs it in another folder", async () => {
    await using dir = await place("exit 1");
    const flags = [
      "--token-file",
      "TOKEN",
      "--tls-cert=../cert.pem",
      "--tls-key",
      "/key.pem",
      "--host",
      "0.0.0.0",
    ];
    const { printed } = await dir.run("install", "--dry-run", "--", ...flags);
    const { cwd } = testContext();
    const whole = `"--token-file" "${join(cwd, "TOKEN")}" "--tls-cert=${join(cwd, "../cert.pem")}" "--tls-key" "/key.pem" "--host" "0.0.0.0"`;
    expect(printed[1]).toContain(`"--json" ${whole}\n`);
  });

  test("tells what the manager said, and leaves no service that it does not take", async () => {
    await using dir = await place(
      '[ "$2" = enable ] && { echo "Failed to connect to bus" >&2; exit 1; }; exit 0',
    );
    await expect(dir.run("install")).rejects.toMatchObject({
      code: "failed",
      message: "systemctl --user enable cliai.service: Failed to connect to bus",
      hint: "without a service: cliai serve --detach",
    });
    expect(await text(dir.unit)).toBeUndefined();
    expect((await dir.told()).at(-1)).toBe("--user daemon-reload");
    // The manager would make the log readable for others.
    expect((await stat(join(dir.data, "logs", "serve.log"))).mode & 0o077).toBe(0);
  });

  test("refuses while another server runs on the directory, before it makes anything", async () => {
    await using dir = await place("exit 0");
    const release = await takeLock(dir.data, { url: "http://127.0.0.1:1", instance: "other" });
    try {
      await expect(dir.run("install")).rejects.toMatchObject({
        code: "already_running",
        hint: expect.stringContaining("cliai down"),
      });
    } finally {
      await release();
    }
    expect(await text(dir.unit)).toBeUndefined();
  });

  test("touches no unit that it has not made, and none of another data directory", async () => {
    await using dir = await place("exit 0");
    await mkdir(dirname(dir.unit), { recursive: true });
    await writeFile(dir.unit, "[Service]\nExecStart=/bin/syncthing\n");
    const refused = { code: "refused", message: `${dir.unit} is a service that cliai has not made` };
    await expect(dir.run("install")).rejects.toMatchObject(refused);
    await expect(dir.run("uninstall")).rejects.toMatchObject(refused);
    expect(await text(dir.unit)).toContain("syncthing");
    const [, other = ""] = (await dir.run("install", "--dry-run")).printed;
    await writeFile(dir.unit, other.replace(dir.data, "/home/kim/other"));
    await expect(dir.run("install")).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("--name cliai-2"),
    });
    await expect(dir.run("uninstall")).rejects.toMatchObject({
      code: "usage",
      message: `the service cliai (${dir.unit}) is for another data directory`,
      hint: expect.stringContaining("cliai service uninstall --name cliai --data-dir DIR"),
    });
    expect(await text(dir.unit)).toContain("/home/kim/other");
    const state = await dir.run("status");
    expect(state.code).toBe(3);
    expect(state.printed[0]).toStartWith("cliai is not installed: the service of that name");
    expect(JSON.parse((await dir.run("status", "--json")).printed[0] ?? "")).toMatchObject({
      installed: false,
    });
    expect(await dir.told()).toEqual([]);
  });

  test("puts the former file back, and starts it, if a new one does not start", async () => {
    await using dir = await place('[ "$2" = show ] && { echo ActiveState=failed; exit 0; }; exit 0');
    await mkdir(dirname(dir.unit), { recursive: true });
    const [, made = ""] = (await dir.run("install", "--dry-run")).printed;
    await writeFile(dir.unit, made);
    await expect(dir.run("install", "--", "--port", "1")).rejects.toMatchObject({ code: "failed" });
    expect(await text(dir.unit)).toBe(made);
    const restarts = (await dir.told()).filter((words) => words.startsWith("--user restart"));
    expect(restarts).toHaveLength(2);
  });

  test("a service that is not there has that state, and is removed without a word of the manager", async () => {
    await using dir = await place("exit 1");
    const state = await dir.run("status");
    expect([state.code, state.printed]).toEqual([
      3,
      ["cliai is not installed; to install it: cliai service install"],
    ]);
    const { code, noted } = await dir.run("uninstall");
    expect([code, noted]).toEqual([0, [`no service cliai is installed: there is no ${dir.unit}`]]);
    expect(await dir.told()).toEqual([]);
    await expect(dir.run("install", "--name", "a/b")).rejects.toThrow('"a/b" is no name of a service');
  });

  test("of a machine that has joined runs the node, under a name of its own, and says whether it is connected", async () => {
    // The manager starts the "node": this process is noted as the one that holds the directory.
    await using dir = await place(
      '[ "$2" = show ] && { printf "ActiveState=active\\nUnitFileState=enabled\\n"; }; exit 0',
    );
    const node = { name: "laptop", url: "tls://hub.example:4222", joined_at: "2026-05-03T12:00:00.000Z" };
    await writeFile(join(dir.data, "node.json"), JSON.stringify(node));
    const unit = join(dirname(dir.unit), "cliai-node.service");
    const dry = await dir.run("install", "--dry-run");
    expect(dry.printed[0]).toBe(`# ${unit}`);
    expect(dry.printed[1]).toMatch(/^ExecStart=.* "node" "--data-dir=[^ ]*"$/m);
    await expect(dir.run("install", "--", "--port", "0")).rejects.toMatchObject({ code: "usage" });
    expect((await dir.run("status")).printed).toEqual([
      "cliai-node is not installed; to install it: cliai service install",
    ]);

    const held = await takeKernelLock(join(dir.data, "node.held"));
    try {
      const run = (started: string, connected: boolean) =>
        writeFile(join(dir.data, "node-run.json"), JSON.stringify({ pid: process.pid, started, connected }));
      await mkdir(dirname(unit), { recursive: true });
      await writeFile(unit, dry.printed[1] ?? "");
      await run("first", true);
      const installing = dir.run("install");
      await until("the service is restarted", async () =>
        (await dir.told()).some((words) => words === "--user restart cliai-node.service"),
      );
      await run("second", true);
      const { printed } = await installing;
      const where = "as the node laptop of tls://hub.example:4222";
      expect(printed[0]).toStartWith(`the service cliai-node runs cliai node ${where}, and starts it`);
      await run("second", false);
      const { code, printed: state } = await dir.run("status");
      expect(code).toBe(0);
      expect(state[0]).toContain(`runs ${where}, not connected yet; it starts`);
    } finally {
      held?.release();
    }
    await dir.run("uninstall");
    expect(await text(unit)).toBeUndefined();
  });

  test("that does not start leaves the node running that it was to take the place of", async () => {
    await using dir = await place('[ "$2" = enable ] && { echo "no bus" >&2; exit 1; }; exit 0');
    const node = { name: "laptop", url: "nats://127.0.0.1:1", joined_at: "2026-05-03T12:00:00.000Z" };
    const creds = createUserKey().credsWith("e30.e30.e30");
    await writeNode(dir.data, node, creds); // it tries to connect, again and again
    const context = { env: { PATH: process.env.PATH, HOME: dir.join("home") }, cwd: dir.path };
    const before = await startBackgroundNode(dir.data, context, { whenConnected: false });
    await using parts = new AsyncDisposableStack();
    parts.defer(async () => void (await endNode(dir.data)));

    const installing = testContext({ env: dir.env });
    const words = ["install", "--data-dir", dir.data];
    await expect(serviceCommand.run(words, installing)).rejects.toMatchObject({
      ...{ code: "failed", message: "systemctl --user enable cliai-node.service: no bus" },
      hint: "without a service: cliai node --detach",
    });
    expect(await text(join(dirname(dir.unit), "cliai-node.service"))).toBeUndefined();
    const run = await readNodeRun(dir.data);
    expect(run?.pid).not.toBe(before);
    expect(isKernelLocked(nodeHeldPath(dir.data))).toBe(true);
    expect(installing.noted).toEqual([
      `the node runs again in the background (pid ${run?.pid}), without a service`,
    ]);
  });
});
