import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { planWebExposure } from "../../../src/cli/serve/web-exposure.ts";
import type { ServeSettings } from "../../../src/config/serve-settings.ts";
import { silentLogger } from "../../../src/log.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { tempDir } from "../../support/temp-dir.ts";

const settings: ServeSettings = {
  ...{ phone: false, phone_port: 3443, agent_protocol: false },
  ...{ port: 3000, host: "127.0.0.1", nats_port: 4222, insecure: false, replicas: 1, sync: "always" },
  ...{
    audit_max_age: "30d",
    audit_max_bytes: "1GB",
    audit_heartbeats: false,
    audit_keystrokes: false,
    search_max_bytes: "0",
    same_file_window: "10m",
    on_limit: "resume",
    resume_window: "10m",
  },
  ...{ transcript_max_age: "14d", transcript_max_bytes: "512MB" },
};

function plan(more: Partial<ServeSettings>, cwd = "/") {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (text: string) => warnings.push(text) };
  return { warnings, exposure: planWebExposure({ ...settings, ...more }, { cwd, log }) };
}

describe("planWebExposure()", () => {
  test.each(["127.0.0.1", "127.9.9.9", "localhost", "::1"])(
    "%s is for this machine alone: no token, no TLS, no warning, and no other name is answered",
    async (host) => {
      const { exposure, warnings } = plan({ host });
      const { scheme, tls, isOwnHost, nats } = await exposure;
      expect({ scheme, tls, nats, warnings }).toEqual({
        scheme: "http",
        tls: undefined,
        nats: { host: "127.0.0.1", tls: undefined, trust: "" },
        warnings: [],
      });
      expect(["localhost", "127.0.0.1", "[::1]"].every(isOwnHost)).toBe(true);
      expect(["fleet.example", "192.168.1.5"].some(isOwnHost)).toBe(false);
    },
  );

  test.each(["0.0.0.0", "::", "192.168.1.5", "fleet.example", "1270.0.0.1", "127.0.0.1.evil.example"])(
    "%s can be reached by others: refused without a token that was chosen for it, and refused with --insecure",
    async (host) => {
      await expect(plan({ host }).exposure).rejects.toMatchObject({
        code: "config_invalid",
        message: `others can reach --host "${host}", and no --token-file is given`,
      });
      await expect(plan({ host, token_file: "token", insecure: true }).exposure).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("the whole network"),
      });
    },
  );

  test("others may reach the page without TLS, with a warning; NATS stays on this machine then", async () => {
    const { exposure, warnings } = plan({ host: "fleet.example", token_file: "token" });
    const { scheme, nats, isOwnHost } = await exposure;
    expect([scheme, nats.host]).toEqual(["http", "127.0.0.1"]);
    expect(warnings).toEqual([expect.stringContaining("can read the token")]);
    expect(["fleet.example", "192.168.1.5", "localhost"].every(isOwnHost)).toBe(true);
    expect(isOwnHost("evil.example")).toBe(false);
  });

  test("with a certificate page and NATS speak TLS, and its names are answered; paths count from the directory", async () => {
    await using dir = await tempDir();
    const { cert, key, certPath, keyPath } = await makeCertificate(dir, ["DNS:a.example", "DNS:b.example"]);
    const paths = { tls_cert: "cert.pem", tls_key: "key.pem", token_file: "token" };
    const { exposure, warnings } = plan({ ...paths, host: "0.0.0.0" }, dir.path);
    const { scheme, tls, nats, isOwnHost } = await exposure;
    expect({ scheme, tls, warnings }).toEqual({ scheme: "https", tls: { cert, key }, warnings: [] });
    expect(nats).toMatchObject({ host: "0.0.0.0", tls: { certPath, keyPath } });
    expect(nats.trust).toContain(cert.trim());
    expect([isOwnHost("a.example"), isOwnHost("b.example"), isOwnHost("c.example")]).toEqual([
      ...[true, true, false],
    ]);
  });

  test("with --insecure and a certificate the page speaks TLS, and NATS stays plain on this machine", async () => {
    await using dir = await tempDir();
    await makeCertificate(dir, ["DNS:a.example"]);
    const { exposure } = plan({ tls_cert: "cert.pem", tls_key: "key.pem", insecure: true }, dir.path);
    expect(await exposure).toMatchObject({
      scheme: "https",
      nats: { host: "127.0.0.1", tls: undefined, trust: "" },
    });
  });

  test("refuses one half of TLS, what cannot be read, what is no certificate, and an authority alone", async () => {
    await using dir = await tempDir();
    const { key } = await makeCertificate(dir, ["DNS:a.example"]);
    await writeFile(dir.join("no-cert.pem"), key);
    const tls = { tls_cert: "cert.pem", tls_key: "key.pem" };
    const refusals: [Partial<ServeSettings>, string][] = [
      [{ tls_cert: "cert.pem" }, "--tls-cert is given without --tls-key"],
      [{ tls_key: "key.pem" }, "--tls-key is given without --tls-cert"],
      [{ ...tls, tls_key: "gone.pem" }, 'cannot read --tls-key "gone.pem"'],
      [{ ...tls, tls_cert: "no-cert.pem" }, '--tls-cert "no-cert.pem" is not a certificate in PEM form'],
      [{ ...tls, tls_ca: "gone.pem" }, 'cannot read --tls-ca "gone.pem"'],
    ];
    for (const [more, message] of refusals) {
      await expect(plan(more, dir.path).exposure).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining(message),
        hint: expect.any(String),
      });
    }
  });
});
