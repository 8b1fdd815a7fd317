import { expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { checkHooks } from "../../../src/cli/doctor/hooks.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("checkHooks() finds a wrong hook, and a program that is missing; nothing without hooks", async () => {
  await using dir = await tempDir();
  const check = async () =>
    (await checkHooks(dir.path, dir.path)).map(({ ok, message, remedy }) =>
      `${ok ? "ok" : "bad"}: ${message}; ${remedy ?? ""}`.replaceAll(dir.path, "DIR"),
    );
  expect(await check()).toEqual([]);
  await writeFile(dir.join("ring"), "", { mode: 0o755 });
  const here = { on: ["done"], command: ["ring"] };
  const path = dir.join("hooks.json");
  await writeFile(path, JSON.stringify({ here, there: { ...here, command: ["./ring"] } }), { mode: 0o600 });
  expect(await check()).toEqual(["ok: 2 in DIR/hooks.json; "]);
  const wrong = {
    here,
    a: { on: ["done"] },
    b: { on: ["done"], command: ["none"] },
    c: { on: ["done"], command: ["./no"] },
  };
  await writeFile(path, JSON.stringify(wrong));
  expect(await check()).toEqual([
    'bad: DIR/hooks.json: "a.command" is missing; correct it in DIR/hooks.json',
    'bad: the hook "b" needs none, which is not on PATH; install it, or correct it in DIR/hooks.json',
    'bad: the hook "c" needs ./no, which cannot be run; install it, or correct it in DIR/hooks.json',
  ]);
  if (process.platform === "win32") return;
  await chmod(path, 0o666);
  expect(await check()).toEqual([
    "bad: DIR/hooks.json is not used: other users can change it (mode 666); chmod go-w DIR/hooks.json",
  ]);
});
