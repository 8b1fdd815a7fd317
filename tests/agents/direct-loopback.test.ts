import { describe, expect, test } from "bun:test";
import { noProxyWithLoopback, sparesLoopback } from "../../src/agents/direct-loopback.ts";

describe("noProxyWithLoopback()", () => {
  test.each([
    [[], "127.0.0.1,localhost,::1"],
    [[undefined, ""], "127.0.0.1,localhost,::1"],
    [["example.org, .corp  10.0.0.0/8"], "example.org,.corp,10.0.0.0/8,127.0.0.1,localhost,::1"],
    [["localhost,a", "a,b"], "localhost,a,b,127.0.0.1,::1"],
    [["a", "*"], "*"],
  ])("of %j is %s", (lists, text) => {
    expect(noProxyWithLoopback(lists)).toBe(text);
    expect(sparesLoopback(text)).toBe(true);
  });
});

test("noProxyWithLoopback() spares the host of the model server, too", () => {
  expect(noProxyWithLoopback(["a"], { url: "http://gpu.lan:8080/v1" })).toBe(
    "a,127.0.0.1,localhost,::1,gpu.lan",
  );
  expect(noProxyWithLoopback([], { url: "http://localhost:8080" })).toBe("127.0.0.1,localhost,::1");
});

describe("sparesLoopback()", () => {
  test.each([
    ["", false],
    ["localhost", false],
    ["127.0.0.10", false],
    ["a,127.0.0.1", true],
    ["a 127.0.0.1", true],
    ["*", true],
    ["*.example.org", false],
  ])("of %j is %p: the hooks go to 127.0.0.1", (list, is) => expect(sparesLoopback(list)).toBe(is));
});
