import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { ensureOwnCertificate, makeCertificate } from "../../src/credentials/own-certificate.ts";
import { directFetch } from "../../src/direct-fetch.ts";
import { serveHttp } from "../../src/runtime.ts";
import { tempDir } from "../support/temp-dir.ts";

const now = new Date("2026-05-03T12:00:00Z");
const where = { address: "127.0.0.1", name: "box.local", now };

describe("makeCertificate()", () => {
  test("makes a certificate for the address and the name, signed by its own key, which browsers find short enough", async () => {
    const { cert } = await makeCertificate({ ...where, address: "192.168.1.5" });
    const made = new X509Certificate(cert);
    expect(made.verify(made.publicKey)).toBe(true);
    expect(made.ca).toBe(false);
    expect([made.checkIP("192.168.1.5"), made.checkHost("box.local")]).toEqual(["192.168.1.5", "box.local"]);
    expect([made.checkIP("192.168.1.6"), made.checkHost("evil.example")]).toEqual([undefined, undefined]);
    expect(new Date(made.validFrom)).toEqual(new Date("2026-05-02T12:00:00Z"));
    expect(new Date(made.validTo)).toEqual(new Date("2027-06-04T12:00:00Z"));
  });

  test("a TLS server takes it, and no client trusts it by itself", async () => {
    const certificate = await makeCertificate({ ...where, now: new Date() });
    const tls = { cert: certificate.cert, key: certificate.key };
    const server = await serveHttp({ host: "127.0.0.1", port: 0, tls, fetch: () => new Response("in") });
    try {
      const url = `https://127.0.0.1:${server.port}/`;
      expect(await (await directFetch(url, { checksCertificate: false })).text()).toBe("in");
      await expect(directFetch(url)).rejects.toThrow(/self.signed|verify/i);
    } finally {
      await server.stop();
    }
  });
});

describe("ensureOwnCertificate()", () => {
  test("keeps it, for nobody else to read, until it is for another address, nearly over, or damaged", async () => {
    await using dir = await tempDir();
    const first = await ensureOwnCertificate(dir.path, where);
    expect(await ensureOwnCertificate(dir.path, where)).toEqual(first);
    if (process.platform !== "win32")
      expect((await stat(dir.join("keys", "phone-key.pem"))).mode & 0o077).toBe(0);
    const second = await ensureOwnCertificate(dir.path, { ...where, address: "10.0.0.2" });
    expect(second.cert).not.toBe(first.cert);
    const late = { ...where, address: "10.0.0.2", now: new Date("2027-05-10T12:00:00Z") };
    const third = await ensureOwnCertificate(dir.path, late);
    expect(third.cert).not.toBe(second.cert);
    await writeFile(dir.join("keys", "phone-key.pem"), second.key);
    expect(await ensureOwnCertificate(dir.path, late)).not.toMatchObject({ cert: third.cert });
  });
});
