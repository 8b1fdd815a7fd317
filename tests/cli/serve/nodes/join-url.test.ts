import { expect, test } from "bun:test";
import { joinAddressOf } from "../../../../src/cli/serve/nodes/join-url.ts";
import { makeCertificate } from "../../../support/certificate.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const natsUrl = "tls://127.0.0.1:4222";

test("joinAddressOf() names this machine alone if NATS listens on loopback", () => {
  const address = joinAddressOf({ natsUrl: "nats://127.0.0.1:4222", host: "127.0.0.1", trust: "" }, "hub");
  expect(address).toEqual({ url: "nats://127.0.0.1:4222", isLocal: true });
});

test("joinAddressOf() names the machine as its certificate does", async () => {
  await using dir = await tempDir();
  const { cert } = await makeCertificate(dir, ["DNS:localhost", "DNS:*.example", "DNS:fleet.example"]);
  const address = joinAddressOf({ natsUrl, host: "0.0.0.0", trust: cert }, "hub");
  expect(address).toEqual({ url: "tls://fleet.example:4222", isLocal: false });
});

test("joinAddressOf() falls back to the address, or to the machine's name if NATS listens everywhere", async () => {
  await using dir = await tempDir();
  const { cert } = await makeCertificate(dir, ["IP:192.0.2.7"]);
  expect(joinAddressOf({ natsUrl, host: "192.0.2.7", trust: cert }, "hub").url).toBe("tls://192.0.2.7:4222");
  expect(joinAddressOf({ natsUrl, host: "0.0.0.0", trust: cert }, "hub").url).toBe("tls://hub:4222");
  const local = await makeCertificate(dir, ["DNS:localhost", "IP:127.0.0.1"]);
  expect(joinAddressOf({ natsUrl, host: "0.0.0.0", trust: local.cert }, "hub").url).toBe("tls://hub:4222");
});
