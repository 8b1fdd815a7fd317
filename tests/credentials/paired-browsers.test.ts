import { expect, test } from "bun:test";
import { addNamedToken, findNamedToken, revokeNamedToken } from "../../src/credentials/named-tokens.ts";
import { pairedBrowsers } from "../../src/credentials/paired-browsers.ts";
import { tempDir } from "../support/temp-dir.ts";

test("pairedBrowsers() makes a token for each phone, under a name of its own, also for two at the same time", async () => {
  await using dir = await tempDir();
  let nowMs = Date.parse("2026-05-03T12:00:00Z");
  const now = () => new Date(nowMs);
  const find = (token: string) =>
    findNamedToken(dir.path, token, {
      now: now(),
      onUnusable: (problem) => expect.unreachable(problem.message),
    });
  await addNamedToken(dir.path, { name: "Phone-2", scopes: ["read"], now: now() });
  const { makeToken } = pairedBrowsers(dir.path, now);
  const [first, second] = await Promise.all([makeToken(), makeToken()]);
  expect([first.name, second.name]).toEqual(["phone", "phone-3"]);
  expect(find(first.token)).toMatchObject({ name: "phone", browser: true });
  expect(first.scopes).toEqual(["read", "answer", "command"]);
  await revokeNamedToken(dir.path, "phone");
  expect(find(first.token)).toBeUndefined();
  nowMs += 91 * 24 * 3_600_000;
  expect(find(second.token)).toBeUndefined();
});
