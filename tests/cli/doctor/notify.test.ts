import { expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { checkNotify } from "../../../src/cli/doctor/notify.ts";
import { desktopProgramOf } from "../../../src/notify/targets/tell-desktop.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("checkNotify() finds a wrong target, a file that others can read, and a missing desktop program; nothing without targets", async () => {
  await using dir = await tempDir();
  const check = async () =>
    (await checkNotify(dir.path, dir.path)).map(({ ok, message, remedy }) =>
      `${ok ? "ok" : "bad"}: ${message}; ${remedy ?? ""}`.replaceAll(dir.path, "DIR"),
    );
  expect(await check()).toEqual([]);
  const path = dir.join("notify.json");
  await writeFile(path, JSON.stringify({ targets: { a: { url: "http://x" } } }), { mode: 0o600 });
  expect(await check()).toEqual(["ok: 1 targets in DIR/notify.json; try them: cliai notify test; "]);
  const { program, install } = desktopProgramOf(process.platform);
  await writeFile(path, JSON.stringify({ targets: { a: { desktop: true }, b: { url: "s3cret" } } }));
  expect(await check()).toEqual([
    'bad: DIR/notify.json: "targets.b.url" must be an address that begins with https:// or http://; correct it in DIR/notify.json',
    `bad: the desktop needs ${program}, which is not on PATH; ${install}`,
  ]);
  if (process.platform === "win32") return;
  await chmod(path, 0o640);
  expect(await check()).toEqual([
    "bad: DIR/notify.json is not used: other users can read it, and it may hold secrets (mode 640); chmod 600 DIR/notify.json",
  ]);
});
