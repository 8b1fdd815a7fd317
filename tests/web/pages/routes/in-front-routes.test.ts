// Where a page tells that a person has it in front of them: who may, and on which pages it is offered.
import { expect, test } from "bun:test";
import { type NamedToken, pairedScopes } from "../../../../src/domain/access/token-scopes.ts";
import type { AccessOptions } from "../../../../src/web/access/access.ts";
import { startTestApp } from "../../test-app.ts";

const named = (name: string, scopes: NamedToken["scopes"]): NamedToken => ({
  ...{ name, scopes, created_at: "2026-01-01T00:00:00Z", browser: true },
});
const tokens = [named("phone", pairedScopes), named("wall", ["read"])];
const access: AccessOptions = {
  ...{ token: () => "token-of-more-than-32-characters-xx", onRotated: () => () => undefined },
  ...{ instance: "i", port: 3000, secure: false, now: () => new Date() },
  findNamed: (text) => tokens.find(({ name }) => name === text),
};
const host = "127.0.0.1:3000";

test("a page tells that it is in front if its viewer answers requests; a page that only shows things is not asked to, and not heard", async () => {
  const noted: [string, boolean][] = [];
  const note = async (page: string, isUsed: boolean) => void noted.push([page, isUsed]);
  await using web = await startTestApp({ access, noteInFront: note });
  const ask = (cookie: string, fields?: Record<string, string>, page = "/inbox") =>
    web.app.request(`http://${host}${fields === undefined ? page : "/in-front"}`, {
      headers: { host, cookie: `cliai-3000=${cookie}`, origin: `http://${host}`, accept: "text/html" },
      ...(fields === undefined ? {} : { method: "POST", body: new URLSearchParams(fields) }),
    });
  expect(await (await ask("phone")).text()).toContain('data-in-front="/in-front"');
  expect(await (await ask("wall")).text()).not.toContain("data-in-front");
  // Without an event stream they show nothing new, so use of them says nothing of what a person has seen.
  for (const page of ["/phone", "/no-such-page"]) {
    const html = await (await ask("phone", undefined, page)).text();
    expect(html).toContain("data-at=");
    expect(html).not.toContain("data-in-front");
  }
  expect((await ask("phone", { page: "a-1", used: "true" })).status).toBe(204);
  expect((await ask("phone", { page: "a-1", used: "false" })).status).toBe(204);
  expect((await ask("wall", { page: "a-1", used: "true" })).status).toBe(403);
  expect((await ask("", { page: "a-1", used: "true" })).status).toBe(401);
  for (const wrong of [
    { page: "a-1" },
    { page: "x".repeat(65), used: "true" },
    { page: "A b", used: "true" },
  ])
    expect((await ask("phone", wrong)).status).toBe(400);
  expect(noted).toEqual([
    ["a-1", true],
    ["a-1", false],
  ]);
});
