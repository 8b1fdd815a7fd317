import { expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";
import { findLocalAddress } from "../../../../src/cli/serve/phone/local-address.ts";

const at = (address: string, internal = false): NetworkInterfaceInfo[] => [
  { address, netmask: "255.255.255.0", family: "IPv4", mac: "", internal, cidr: null },
];

test.each([
  [
    "the home's network, not that of containers",
    { docker0: at("172.17.0.1"), eth0: at("10.0.0.7"), wlan0: at("192.168.1.5") },
    "192.168.1.5",
  ],
  ["a network of an office", { lo: at("127.0.0.1", true), eth0: at("172.20.3.4") }, "172.20.3.4"],
  ["a private one before a public one", { eth0: at("203.0.113.9"), eth1: at("10.1.2.3") }, "10.1.2.3"],
  ["a public one, if there is no other", { eth0: at("203.0.113.9") }, "203.0.113.9"],
  [
    "that of a VPN only if there is no other",
    { wg0: at("192.168.9.1"), eth0: at("203.0.113.9") },
    "203.0.113.9",
  ],
  ["none in loopback alone", { lo: at("127.0.0.1", true) }, undefined],
  ["none that no router gave", { eth0: at("169.254.3.4") }, undefined],
  ["none", {}, undefined],
])("findLocalAddress() takes %s", (_, interfaces, address) => {
  expect(findLocalAddress(interfaces)).toBe(address);
});
