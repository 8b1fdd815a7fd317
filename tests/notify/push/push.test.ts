// Push messages over one real nats-server and a push service of our own over TLS, from an agent's need to what the browser reads.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPublicKey, verify } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { ensurePushKeys, type PushKeys } from "../../../src/credentials/push-keys.ts";
import { buckets } from "../../../src/domain/wire/subjects.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { type OpenNotices, openNotices } from "../../../src/notify/open-notices.ts";
import type { Device } from "../../../src/notify/push/device.ts";
import { openDevices } from "../../../src/notify/push/devices.ts";
import { type PushService, startPushService, subscribedBrowser } from "../../support/push-service.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let dir: TempDir;
let run: TestServer;
let notices: OpenNotices;
let service: PushService;
let keys: PushKeys;
const signedOut = new Set<string>();
beforeAll(async () => {
  dir = await tempDir();
  service = await startPushService();
  keys = await ensurePushKeys(dir.path);
  setPush({ services: [service.origin], every_s: 0, contact: "mailto:kim@example.org" });
  run = await startTestServer({
    insecure: true,
    openNotices: async (inside) => {
      notices = await openNotices(inside, {
        ...{ dataDir: dir.path, url: "http://dashboard.test", env: process.env, version: "9.9.9" },
        ...{ waitMs: () => 50, restsForMs: 100 },
        push: { keys, isOwnerGood: (owner) => !signedOut.has(owner), fetch: service.fetch },
      });
      return notices.stop;
    },
  });
});
afterAll(async () => {
  await run?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
});

function setPush(push: object): void {
  writeFileSync(dir.join("next.json"), JSON.stringify({ push }), { mode: 0o600 });
  renameSync(dir.join("next.json"), dir.join("notify.json"));
}
const phone = subscribedBrowser();
const device = (name: string, fields: Partial<Device> = {}): Device => ({
  ...{ name, endpoint: `${service.origin}/${name}`, p256dh: phone.p256dh, auth: phone.auth },
  ...{ server_key: keys.publicKey, owner: `token ${name}` },
  ...fields,
});
/** The agent says that it has an error, which is a need. */
async function err(name: string, message: string): Promise<void> {
  run.bus.publish(`agent.${name}.heartbeat`, { instance_id: `run-${name}`, interval_s: 60 });
  await run.bus.publishStored(`agent.${name}.status`, {
    ...{ status: "error", message, instance_id: `run-${name}` },
  });
}
const received = (name: string) => service.received.filter(({ path }) => path === `/${name}`);
const listed = (name: string) => notices.list().find((each) => each.name === name);

describe("openPush()", () => {
  test("a browser is sent what it needs, encrypted for it alone and signed by this server, once, with its id, also over a restart", async () => {
    await notices.add(device("phone"));
    expect(listed("phone")).toMatchObject({ type: "device", to: service.origin.replace("https://", "") });
    service.answer(503);
    await err("ann", "disk full");
    await until("tries", () => received("phone").length >= 2);
    run = await run.restart();
    service.answer(201);
    await until("it is told", () => listed("phone")?.last_at !== null && listed("phone")?.error === null);
    const tries = received("phone");
    const { headers, body } = tries.at(-1) ?? { headers: {}, body: Buffer.alloc(0) };
    expect(phone.decrypt(body)).toMatchObject({
      ...{ title: "ann has an error", text: "disk full", path: "/agents/ann" },
      id: expect.stringMatching(/^ann_error_/),
    });
    expect(new Set(tries.map(({ headers: { topic } }) => topic)).size).toBe(1);
    expect(headers).toMatchObject({
      ...{ ttl: "86400", urgency: "high", "content-encoding": "aes128gcm" },
      topic: expect.stringMatching(/^[\w-]{32}$/),
    });
    expect(claimsOf(headers.authorization ?? "")).toMatchObject({
      ...{ aud: service.origin, sub: "mailto:kim@example.org" },
    });
    expect(body.toString("latin1")).not.toContain("disk full");
    const told = service.received.length;
    await err("bea", "x");
    await until("the next", () => service.received.length > told);
    expect(phone.decrypt(service.received[told]?.body ?? Buffer.alloc(0))).toMatchObject({
      title: "bea has an error",
    });
  });

  test("a test reaches it at once; its address and secrets are in no list and no alert", async () => {
    const before = received("phone").length;
    expect(await notices.test("phone")).toMatchObject([{ name: "phone", type: "device", ok: true }]);
    expect(received("phone").length).toBe(before + 1);
    service.answer(500);
    await err("cy", "x");
    const alert = () => run.server.alerts.open().find(({ kind }) => kind === "push_failed")?.message;
    await until("the alert", () => alert() !== undefined);
    expect(JSON.stringify([notices.list(), alert()])).not.toMatch(
      new RegExp(`/phone"|${phone.auth}|${phone.p256dh}`),
    );
    service.answer(201);
    await until("its end", () => alert() === undefined);
  });

  test("a browser that its push service no longer knows is removed, and so is one that was signed out", async () => {
    service.answer(410);
    await err("dan", "x");
    await until("it is removed", () => listed("phone") === undefined);
    service.answer(201);
    await notices.add(device("lost"));
    signedOut.add("token lost");
    await err("eve", "x");
    await until("it is removed", () => listed("lost") === undefined);
    expect(received("lost")).toEqual([]);
    await until("their places are gone", async () => (await consumers()).length === 0);
    await until("and what became of their messages", async () => (await toldKeys()).length === 0);
  });

  test("a test says why a browser gets no messages any more", async () => {
    await notices.add(device("left"));
    signedOut.add("token left");
    expect(await notices.test("left")).toMatchObject([{ ok: false, error: "it was signed out" }]);
    await notices.add(device("gone"));
    service.answer(404);
    expect(await notices.test("gone")).toMatchObject([
      { ok: false, error: "its push service says that it is gone" },
    ]);
    service.answer(201);
    await until("both are removed", () => notices.list().length === 0);
    await expect(notices.test("gone")).rejects.toThrow('no target, no browser and no hook is called "gone"');
  });

  test("refuses a browser of an unknown push service, of another server, and one too many; the same one replaces itself", async () => {
    const unknown = device("x", { endpoint: "https://10.0.0.1/x" });
    await expect(notices.add(unknown)).rejects.toMatchObject({ code: "refused" });
    const other = device("x", { server_key: "another" });
    await expect(notices.add(other)).rejects.toThrow("subscribed for another server");
    for (let n = 0; n < 32; n += 1) await notices.add(device(`many${n}`));
    await expect(notices.add(device("more"))).rejects.toThrow("32 browsers take push messages already");
    await notices.add(device("many1", { endpoint: `${service.origin}/new` }));
    await notices.remove(`${service.origin}/new`);
    expect(listed("many1")).toBeUndefined();
  });

  test("browsers that subscribed for another server take no places of this one", async () => {
    const devices = await openDevices(run.bus);
    const old = (n: number) => devices.put(device(`old${n}`, { server_key: "old" }));
    for (let n = 0; n < 32; n += 1) await old(n);
    await expect(old(32)).rejects.toThrow("32 browsers take push messages already");
    await devices.put(device("new", { server_key: "new" }));
    expect(devices.list().map(({ name }) => name)).toContain("new");
  });
});

/** The keys under which it is kept what became of the messages to browsers. */
async function toldKeys(): Promise<string[]> {
  const bucket = await openExistingBucket(run.bus, buckets.serve);
  return [...(await bucket.entries()).keys()].filter((key) => key.startsWith("told.push-"));
}

async function consumers(): Promise<string[]> {
  const manager = await run.bus.connection.jetstreamManager();
  const names: string[] = [];
  for await (const { name } of manager.consumers.list("NOTICES")) names.push(name);
  return names.filter((name) => name.startsWith("push-"));
}

/** What the signed token says, if it was signed with the key that it names (RFC 8292). */
function claimsOf(authorization: string): unknown {
  const [, header = "", claims = "", signature = "", key = ""] =
    /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
  expect(key).toBe(keys.publicKey);
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
  const publicKey = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" } as never);
  const signed = Buffer.from(`${header}.${claims}`);
  const isRight = verify(
    "sha256",
    signed,
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  expect(isRight).toBe(true);
  return JSON.parse(Buffer.from(claims, "base64url").toString());
}
