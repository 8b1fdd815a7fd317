import { describe, expect, test } from "bun:test";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastCodeEnd, makeJoinCode, redeemJoinCode } from "../../../src/credentials/nodes/join-codes.ts";
import { keysDirOf } from "../../../src/data-dir/data-dir.ts";
import { parseJoinCode } from "../../../src/domain/nodes/join-code.ts";
import { failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";

const made = new Date("2026-05-03T12:00:00.000Z");
const after = (ms: number) => new Date(made.getTime() + ms);
const minutes = (count: number) => after(count * 60_000);
const [kim, eve] = ["U".padEnd(56, "A"), "U".padEnd(56, "B")];
const hint = "on the server's machine, make another one: cliai join-code";

async function directory(mayLaunch = false) {
  const dir = await tempDir();
  const pin = new Uint8Array(16);
  const { code, endsAt } = await makeJoinCode(dir.path, { lastsMs: 600_000, mayLaunch, pin, now: made });
  const { id: code_id = "", secret = "" } = parseJoinCode(code) ?? {};
  const redeem = (
    user_key: string,
    { now = made, as = secret, name = "box", admit = () => {}, isThere = (): boolean => true } = {},
  ) => redeemJoinCode(dir.path, { code_id, secret: as, user_key, name }, { now, admit, isThere });
  const folder = join(keysDirOf(dir.path), "join-codes");
  return {
    path: dir.path,
    endsAt,
    code_id,
    secret,
    redeem,
    folder,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
const wrong = "A".repeat(22);

describe("redeemJoinCode()", () => {
  test("takes a code once, and again from the same key, whose answer may have been lost", async () => {
    await using data = await directory(true);
    expect(await data.redeem(kim)).toEqual({ mayLaunch: true });
    expect(await data.redeem(kim)).toEqual({ mayLaunch: true });
    expect(await failureOf(data.redeem(eve))).toMatchObject({
      ...{ code: "refused", message: "the join code was used already: it counts once", hint },
    });
  });

  test("takes a used code from nobody else: no other name, and no node that is gone", async () => {
    await using data = await directory();
    await data.redeem(kim);
    for (const again of [{ name: "other" }, { isThere: () => false }])
      expect((await failureOf(data.redeem(kim, again))).message).toBe(
        "the join code was used already: it counts once",
      );
  });

  test("refuses a code that has ended, to the millisecond", async () => {
    await using data = await directory();
    expect(data.endsAt).toEqual(minutes(10));
    expect(await failureOf(data.redeem(kim, { now: minutes(10) }))).toMatchObject({
      ...{ code: "refused", message: "the join code has ended, at 2026-05-03T12:10:00.000Z", hint },
    });
    await data.redeem(kim, { now: after(599_999) });
  });

  test("refuses a guessed secret, and after five of them also the right one", async () => {
    await using data = await directory();
    for (let tries = 0; tries < 5; tries++)
      expect((await failureOf(data.redeem(eve, { as: wrong }))).message).toBe("the join code is wrong");
    expect((await failureOf(data.redeem(kim))).message).toBe(
      "the join code was tried too often, and counts no more",
    );
  });

  test("takes the right secret after four wrong ones", async () => {
    await using data = await directory();
    for (let tries = 0; tries < 4; tries++) await failureOf(data.redeem(eve, { as: wrong }));
    await data.redeem(kim);
  });

  test("leaves the code as it was if the machine is not admitted", async () => {
    await using data = await directory();
    const admit = () => {
      throw new Error("the name is taken");
    };
    await expect(data.redeem(kim, { admit })).rejects.toThrow("the name is taken");
    await data.redeem(eve);
  });

  test("knows no code of another server, and none whose file is damaged", async () => {
    await using data = await directory();
    await using other = await directory();
    const ask = { code_id: other.code_id, secret: other.secret, user_key: kim, name: "box" };
    const asked = redeemJoinCode(data.path, ask, { now: made, admit: () => {}, isThere: () => true });
    expect((await failureOf(asked)).message).toBe("the server has no such join code");
    await writeFile(join(data.folder, `${data.code_id}.json`), "{");
    expect((await failureOf(data.redeem(kim))).message).toBe("the server has no such join code");
  });
});

describe("makeJoinCode()", () => {
  test("keeps no secret, in a file that only this user can read", async () => {
    await using data = await directory();
    const path = join(data.folder, `${data.code_id}.json`);
    expect(await readFile(path, "utf8")).not.toContain(data.secret);
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("removes the codes that have ended", async () => {
    await using data = await directory();
    const order = { lastsMs: 60_000, mayLaunch: false, pin: new Uint8Array(16) };
    await makeJoinCode(data.path, { ...order, now: minutes(9) });
    expect(await readdir(data.folder)).toHaveLength(2);
    await makeJoinCode(data.path, { ...order, now: minutes(11) });
    expect(await readdir(data.folder)).toHaveLength(1);
  });
});

test("lastCodeEnd() is the end of the last code that has not ended", async () => {
  await using data = await directory();
  const order = { lastsMs: 60_000, mayLaunch: false, pin: new Uint8Array(16) };
  await makeJoinCode(data.path, { ...order, now: made });
  expect(lastCodeEnd(data.path, made)).toEqual(minutes(10));
  expect(lastCodeEnd(data.path, minutes(10))).toBeUndefined();
});

test("lastCodeEnd() is soon for a code that was used, however often its machine asks again", async () => {
  await using data = await directory();
  await data.redeem(kim, { now: minutes(1) });
  await data.redeem(kim, { now: after(90_000) });
  expect(lastCodeEnd(data.path, after(90_000))).toEqual(minutes(2));
  expect(lastCodeEnd(data.path, minutes(2))).toBeUndefined();
});
