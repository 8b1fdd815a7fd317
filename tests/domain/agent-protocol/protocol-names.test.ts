import { describe, expect, test } from "bun:test";
import { bytesOfSize, ownerToken, sizeWord } from "../../../src/domain/agent-protocol/protocol-names.ts";

describe("ownerToken()", () => {
  test.each([
    ["kim", "kim"],
    ["Kim Lee", "kim-lee"],
    ["DOMAIN\\kim.lee", "domain-kim-lee"],
    ["$>*", "operator"],
  ])("makes a token of %j", (user, token) => {
    expect(ownerToken(user)).toBe(token);
  });
});

describe("sizeWord()", () => {
  test("counts by 1,024, and never promises more than there is", () => {
    expect([8 * 1024 * 1024, 1536 * 1024, 2047, 100].map(sizeWord)).toEqual(["8MB", "1536KB", "1KB", "100B"]);
  });
});

describe("bytesOfSize()", () => {
  test.each([
    ["8MB", 8 * 1024 * 1024],
    ["512 kb", 512 * 1024],
    ["100B", 100],
    ["1GB", 1024 ** 3],
    ["1.5MB", undefined],
    ["many", undefined],
    ["", undefined],
  ])("reads %j", (word, bytes) => {
    expect(bytesOfSize(word)).toBe(bytes);
  });
});
