// The probe before a launch on a terminal, with programs in Codex's place that behave badly.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { HookPlace } from "../../../../src/agents/agent-launch.ts";
import { probeTrust } from "../../../../src/agents/codex/app-server/codex-probe.ts";
import { codex } from "../../../../src/agents/codex/codex.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { silentPipes } from "../../silent-pipes.ts";

const placeIn = (dir: TempDir): HookPlace => ({
  ...silentPipes().launch.hooks,
  env: { PATH: `${dir.path}:${process.env.PATH}` },
});

describe("probeTrust()", () => {
  test("names what installs Codex if it is not there", async () => {
    await using dir = await tempDir();
    const hooks = { ...placeIn(dir), env: { PATH: dir.path } };
    await expect(probeTrust(codex, ["app-server"], { cwd: dir.path, hooks })).rejects.toMatchObject({
      ...{ code: "cli_missing", message: expect.stringContaining("no such program on PATH") },
      hint: expect.stringContaining("npm install -g @openai/codex"),
    });
  });

  test("leaves nothing behind of a program that starts the real one, and does not pass signals on to it", async () => {
    await using dir = await tempDir();
    const real = `
      import { createInterface } from "node:readline";
      import { writeFileSync } from "node:fs";
      process.on("SIGTERM", () => undefined);
      setInterval(() => undefined, 1_000);
      writeFileSync("real.pid", String(process.pid));
      createInterface({ input: process.stdin }).on("line", (line) => {
        const { id, method } = JSON.parse(line);
        const result = method === "hooks/list" ? { data: [] } : {};
        if (id !== undefined) process.stdout.write(JSON.stringify({ id, result }) + "\\n");
      });`;
    await writeFile(dir.join("real.mjs"), real);
    const launcher = `#!/bin/sh\nexec 3<&0\n"${process.execPath}" real.mjs <&3 &\nwait\n`;
    await writeFile(dir.join("codex"), launcher, { mode: 0o700 });
    const place = { cwd: dir.path, hooks: placeIn(dir) };
    expect(await probeTrust(codex, ["app-server"], place)).toBeUndefined();
    const pid = await readFile(dir.join("real.pid"), "utf8");
    await waitFor(() => !existsSync(`/proc/${pid}`), { what: "the real program has ended" });
  });
});
