import { expect, test } from "bun:test";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { checkPrices } from "../../../src/cli/doctor/prices.ts";
import { helpFor } from "../../../src/domain/system/help-section.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("checkPrices() finds unknown keys, negative prices and a file that cannot be read; nothing without a file", async () => {
  await using dir = await tempDir();
  const path = dir.join("prices.json");
  const check = async () =>
    (await checkPrices(dir.path)).map(({ ok, message, remedy }) =>
      `${ok ? "ok" : "bad"}: ${message}; ${remedy ?? ""}`.replaceAll(dir.path, "DIR"),
    );
  const withFile = async (text: string) => {
    await writeFile(path, text, { mode: 0o600 });
    return await check();
  };
  expect(await check()).toEqual([]);
  expect(await withFile('{"usd_per_million_tokens":{"mine":0,"other*":2}}')).toEqual([
    "ok: 2 prices of models in DIR/prices.json; ",
  ]);
  const wrong = { usd_per_million_tokens: { a: -1, b: "2" }, usd_per_milion_tokens: {} };
  expect(await withFile(JSON.stringify(wrong))).toEqual([
    'bad: DIR/prices.json: "usd_per_million_tokens.a" must be 0 or more, not -1; correct it in DIR/prices.json',
    'bad: DIR/prices.json: "usd_per_million_tokens.b" must be a number, not "2"; correct it in DIR/prices.json',
    'bad: DIR/prices.json: unknown key "usd_per_milion_tokens"; did you mean usd_per_million_tokens?',
  ]);
  expect(await withFile("[]")).toEqual([
    "bad: DIR/prices.json: the file must be an object, not a list; correct it in DIR/prices.json",
  ]);
  expect(await withFile("{")).toEqual([
    "bad: DIR/prices.json:1:2 is not JSON; correct it there; JSON has no comments and no comma after the last entry",
  ]);
  if (process.platform !== "win32") {
    await chmod(path, 0o622);
    expect(await check()).toEqual([
      "bad: DIR/prices.json is not used: other users can change it (mode 622); chmod go-w DIR/prices.json",
    ]);
  }
  await rm(path);
  await mkdir(path);
  expect(await check()).toEqual([
    "bad: cannot read DIR/prices.json: it is not a file; make it a file that you can read, or remove it",
  ]);
  expect(helpFor("prices")).toBe("docs/troubleshooting.md#prices");
});
