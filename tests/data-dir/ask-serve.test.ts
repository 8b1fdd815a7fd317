import { describe, expect, test } from "bun:test";
import { askHealth, askServe } from "../../src/data-dir/ask-serve.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";

const health = { ready: false, reason: "the disk is full", nats: { connected: true, version: "2.15.0" } };

/** A program that answers `/readyz` so, and any other path with its own name. */
const answering = (status: number, body: string) =>
  startLoopbackServer((request, response) => {
    response
      .writeHead(request.url === "/readyz" ? status : 404)
      .end(request.url === "/readyz" ? body : "another");
  });

describe("askHealth()", () => {
  test("says what is wrong with a serve that is not ready", async () => {
    await using serve = await answering(503, JSON.stringify(health));
    expect(await askHealth(serve.url)).toEqual({ reason: health.reason, nats: { connected: true } });
  });

  test.each(["<html>", "{}", '{"nats":{"connected":"yes"}}'])(
    "says nothing of another program, which answers %p",
    async (body) => {
      await using other = await answering(200, body);
      expect(await askHealth(other.url)).toBeUndefined();
    },
  );

  test("says nothing where nobody listens", async () => {
    const gone = await answering(200, "");
    await gone[Symbol.asyncDispose]();
    expect(await askHealth(gone.url)).toBeUndefined();
  });
});

test("askServe() has the body of the answer, whatever its status", async () => {
  await using serve = await answering(200, "");
  expect(await askServe(new URL("/healthz", serve.url), AbortSignal.timeout(30_000))).toBe("another");
});
