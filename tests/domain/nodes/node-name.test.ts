import { expect, test } from "bun:test";
import { isNodeName, nodeNameOf } from "../../../src/domain/nodes/node-name.ts";

test.each([
  ["laptop", "laptop"],
  ["build-3.lan.example", "build-3"],
  ["Kim's MacBook", "Kim-s-MacBook"],
  ["-x", "x"],
  ["…", "node"],
  ["", "node"],
  ["a".repeat(60), "a".repeat(32)],
])("nodeNameOf() makes of %p the name %p", (hostname, name) => {
  expect(nodeNameOf(hostname)).toBe(name);
  expect(isNodeName(name)).toBe(true);
});
