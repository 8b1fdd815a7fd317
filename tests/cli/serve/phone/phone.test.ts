import { describe, expect, test } from "bun:test";
import { startPhone } from "../../../../src/cli/serve/phone/phone.ts";
import { parseConfig, resolveServeSettings } from "../../../../src/config/config.ts";
import { directFetch } from "../../../../src/direct-fetch.ts";
import { silentLogger } from "../../../../src/log.ts";
import { makeCertificate } from "../../../support/certificate.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const settingsOf = (flags: Record<string, string | boolean>) =>
  resolveServeSettings({ flags: { "phone-port": "0", ...flags }, env: {} }, parseConfig("{}", "f"));
const local = { phone: true, "phone-host": "127.0.0.1" };

async function start(
  flags: Record<string, string | boolean>,
  dataDir: string,
  tls?: { cert: string; key: string },
) {
  const parts = new AsyncDisposableStack();
  const facts = { tls, dataDir, instance: "i1", now: () => new Date(), log: silentLogger };
  const options = { settings: settingsOf(flags), ...facts };
  const phone = await startPhone(options, parts).catch(async (error: unknown) => {
    await parts.disposeAsync();
    throw error;
  });
  return { phone, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

describe("startPhone()", () => {
  test("opens nothing without --phone", async () => {
    await using dir = await tempDir();
    await using started = await start({}, dir.path);
    expect(started.phone).toBeUndefined();
  });

  test("listens at the given address over TLS, and tells the fingerprint of the certificate that it has made", async () => {
    await using dir = await tempDir();
    await using started = await start(local, dir.path);
    const { url = "", fingerprint } = started.phone?.address ?? {};
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const health = await directFetch(`${url}/healthz`, { checksCertificate: false });
    expect(await health.json()).toEqual({ ok: true, instance: "i1" });
    const early = await directFetch(`${url}/pair?code=x`, { checksCertificate: false });
    expect(early.status).toBe(503);
  });

  test("without a local network it warns, and the rest of the server goes on", async () => {
    await using dir = await tempDir();
    await using parts = new AsyncDisposableStack();
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    const facts = { tls: undefined, dataDir: dir.path, instance: "i1", now: () => new Date(), log };
    const settings = settingsOf({ phone: true });
    expect(await startPhone({ ...facts, settings, interfaces: {} }, parts)).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^--phone: this machine is in no network .*; connect it .* --phone-host ADDRESS$/,
      ),
    ]);
  });

  test("with a given certificate it is called by the name in it, and has no fingerprint to compare", async () => {
    await using dir = await tempDir();
    const tls = await makeCertificate(dir, ["DNS:*.example.org", "DNS:box.example.org"]);
    await using started = await start(local, dir.path, tls);
    expect(started.phone?.address).toEqual({
      url: expect.stringMatching(/^https:\/\/box\.example\.org:\d+$/),
    });
  });

  test.each([
    [{ ...local, insecure: true }, "--insecure with --phone would let in the whole network"],
    [{ ...local, "phone-host": "192.0.2.1" }, "cannot listen at 192.0.2.1 for phones"],
  ])("refuses %o", async (flags, message) => {
    await using dir = await tempDir();
    await expect(start(flags, dir.path)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  test("names a port that is taken", async () => {
    await using dir = await tempDir();
    await using first = await start(local, dir.path);
    const taken = first.phone?.address.url.split(":").at(-1) ?? "";
    await expect(start({ ...local, "phone-port": taken }, dir.path)).rejects.toMatchObject({
      code: "port_taken",
      message: `the port ${taken} for phones is taken`,
    });
  });
});
