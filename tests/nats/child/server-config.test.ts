import { describe, expect, test } from "bun:test";
import { buildServerConfig, canSync } from "../../../src/nats/child/server-config.ts";

const config = {
  serverName: "cliai-x",
  port: -1,
  storeDir: "/data/nats",
  portsDir: "/data/nats",
  maxPayloadBytes: 8_388_608,
  sync: "always",
};

describe("buildServerConfig()", () => {
  test.each([
    ["2.9.0", false],
    ["2.9.10", false],
    ["2.10.0", true],
    ["2.15.2", true],
  ])("for nats-server %s the line that sets the sync is there: %p", (serverVersion, there) => {
    const text = buildServerConfig({ ...config, serverVersion });
    expect(text.includes("sync_interval")).toBe(there);
    expect(text).toContain('jetstream {\n  store_dir: "/data/nats"\n');
  });

  test.each([
    ["2.9.10", "always", false],
    ["2.9.10", "1s", false],
    ["2.9.10", "2m", true],
    ["2.10.0", "always", true],
  ])("canSync(%s, %s) is %p", (version, sync, expected) => {
    expect(canSync(version, sync)).toBe(expected);
  });

  test.each([
    ["2.9.10", false],
    ["2.10.0", false],
    ["2.11.0", true],
    ["2.15.2", true],
  ])(
    "for nats-server %s the line that bounds the memory of closed connections is there: %p",
    (serverVersion, there) => {
      const text = buildServerConfig({ ...config, serverVersion });
      expect(text.includes("max_closed_clients: 100\n")).toBe(there);
    },
  );
});
