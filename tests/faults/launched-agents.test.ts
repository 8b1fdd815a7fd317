// Agents that serve is launching, when serve ends while their CLI hangs. In an orderly end nothing of them is left behind; a host whose
// serve was killed lives on, and is ended by `cliai down --agents`.
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** A CLI that neither signals nor the end of its input can end, and a program that it has started. */
const hungCli = (pidsPath: string) => `#!/bin/sh
case "$1" in --version) echo "2.1.330 (Claude Code)"; exit ;; esac
trap "" TERM INT HUP
sleep 600 &
echo "$$ $!" > "${pidsPath}.new" && mv "${pidsPath}.new" "${pidsPath}"
while :; do sleep 1; done
`;

test.if(process.platform !== "win32").each(["SIGTERM", "SIGKILL"] as const)(
  "serve/%s beside a CLI that hangs: the CLI and what it has started are ended",
  async (signal) => {
    await using dir = await tempDir();
    const pidsPath = dir.join("pids");
    await writeFile(dir.join("claude"), hungCli(pidsPath), { mode: 0o700 });
    const env = { PATH: `${dir.path}:${process.env.PATH}` };
    const config = dir.join("config.json");
    await writeFile(config, JSON.stringify({ agents: { hung: {} } }));
    await using serve = await startServe({ dataDir: dir.join("data"), env, args: ["--config", config] });
    await using left = new AsyncDisposableStack();
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ profile: "hung", id: "ada", project: dir.path, task: "dig" });
    // It connects to nothing: the answer would be that it did not start.
    const launching = serve.fetch("/api/agents", { method: "POST", headers, body }).catch(() => undefined);
    const text = await waitFor(() => readFile(pidsPath, "utf8"), { what: "its CLI runs" });
    const pids = text.trim().split(" ").map(Number);
    left.defer(() => {
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
    expect(pids.map(isAlive)).toEqual([true, true]);
    serve.child.kill(signal);
    await serve.child.exit();
    await launching;
    if (signal === "SIGKILL") {
      expect(pids.map(isAlive)).toEqual([true, true]);
      const down = await serve.run(["down", "--agents"]);
      expect(down.stdout).toMatch(
        /^ada {2}stopped: its host was ended\nthe nats-server that a killed server had left has ended \(pid \d+\)\n$/,
      );
      expect(down.code).toBe(0);
    }
    await waitFor(() => !pids.some(isAlive), {
      what: "nothing of the agent is left",
      saw: () => pids.map(isAlive),
    });
  },
);
