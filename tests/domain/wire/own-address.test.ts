import { describe, expect, test } from "bun:test";
import { isLoopback, loopbackNames, ownAddress } from "../../../src/domain/wire/own-address.ts";

describe("isLoopback()", () => {
  test.each([...loopbackNames, "127.0.0.2", "127.255.255.254", "[::1]"])("is true of %s", (host) =>
    expect(isLoopback(host)).toBe(true),
  );

  test.each([
    ...["0.0.0.0", "::", "10.0.0.1", "192.168.1.127", "", "example.org"],
    // Names that only begin or end as those of this machine.
    ...["localhost.example.org", "my-localhost", "127.0.0.1.example.org", "127.0.0", "x127.0.0.1", "::11"],
  ])("is false of %j", (host) => expect(isLoopback(host)).toBe(false));
});

describe("ownAddress()", () => {
  test.each([
    [undefined, "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    ["::", "[::1]"],
    ["::1", "[::1]"],
    ["fe80::2", "[fe80::2]"],
    ["10.0.0.1", "10.0.0.1"],
    ["agents.example.org", "agents.example.org"],
  ])("of a socket that listens on %s is %s", (host, address) => expect(ownAddress(host)).toBe(address));
});
