import { expect, test } from "bun:test";
import type { NamedToken } from "../../../../src/domain/access/token-scopes.ts";
import type { AccessOptions } from "../../../../src/web/access/access.ts";
import type { PushDesk } from "../../../../src/web/pages/device/push-desk.ts";
import { errorOf, startTestApp } from "../../test-app.ts";

const phone: NamedToken = {
  name: "phone",
  scopes: ["read"],
  created_at: "2026-01-01T00:00:00Z",
  browser: true,
};
const program: NamedToken = { name: "program", scopes: ["read", "answer", "command"], created_at: "x" };
const access: AccessOptions = {
  ...{ token: () => "token-of-more-than-32-characters-xx", onRotated: () => () => undefined },
  ...{ instance: "i", port: 3000, secure: false, now: () => new Date() },
  findNamed: (text) => [phone, program].find(({ name }) => name === text),
};

test("POST /phone/push takes the subscription of a signed-in browser from our own page, and says whose it is; /off ends it", async () => {
  const added: unknown[] = [];
  const push: PushDesk = {
    publicKey: "K".repeat(87),
    add: async (subscription, caller) => void added.push([subscription.endpoint, caller?.name]),
    remove: async (endpoint) => void added.push(endpoint),
  };
  await using web = await startTestApp({ access, push });
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
    web.app.request(`http://127.0.0.1:3000${path}`, {
      ...{ method: "POST", body: new URLSearchParams(fields) },
      headers: { host: "127.0.0.1:3000", accept: "application/json", ...headers },
    });
  const own = { cookie: "cliai-3000=phone", origin: "http://127.0.0.1:3000" };
  const subscription = { endpoint: "https://push.test/a", p256dh: "p", auth: "a", server_key: "k" };
  expect((await post("/phone/push", subscription, own)).status).toBe(200);
  expect((await post("/phone/push/off", { endpoint: "https://push.test/a" }, own)).status).toBe(200);
  expect(added).toEqual([["https://push.test/a", "phone"], "https://push.test/a"]);

  const wrong = await post("/phone/push", { endpoint: "https://push.test/a" }, own);
  expect((await errorOf(wrong)).hint).toBe("it needs endpoint, p256dh, auth and server_key");
  for (const headers of [{}, { cookie: own.cookie }, { ...own, origin: "http://evil.test" }])
    expect((await post("/phone/push", subscription, headers)).status).toBeGreaterThanOrEqual(401);
  const bearer = await post("/phone/push", subscription, { authorization: "Bearer program" });
  expect((await errorOf(bearer)).code).toBe("refused");
  expect(added.length).toBe(2);
  const page = await web.app.request("http://127.0.0.1:3000/phone", {
    headers: { host: "127.0.0.1:3000", ...own },
  });
  expect(await page.text()).toContain(`data-push-key="${push.publicKey}"`);
});
