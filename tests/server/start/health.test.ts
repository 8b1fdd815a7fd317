import { expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import type { Foundation } from "../../../src/server/start/foundation.ts";
import { troubleOf } from "../../../src/server/start/health.ts";

const foundation = (trouble: CliaiError | undefined, isConnected = true) =>
  ({ bus: { isConnected: () => isConnected }, lease: { trouble: () => trouble } }) as unknown as Foundation;
const options = { natsRestarts: () => 0 };

test("troubleOf() says that nats-server does not answer, and names no bucket, which tells a person nothing", () => {
  for (const [code, message] of [
    ["no_answer", "no answer in time: read the bucket serve"],
    ["server_unreachable", "nobody answers: write the bucket serve"],
  ] as const)
    expect(troubleOf(foundation(new CliaiError(code, message)), options)).toBe(
      "nothing can be stored: nats-server does not answer",
    );
});

test("troubleOf() gives what the store says, first what its own watch has seen; nothing while all is well", () => {
  const full = new CliaiError("store_unavailable", "nats-server cannot store it: no space left");
  expect(troubleOf(foundation(full), options)).toBe(`nothing can be stored: ${full.message}`);
  expect(troubleOf(foundation(full), { ...options, storeTrouble: () => "the disk is full" })).toBe(
    "nothing can be stored: the disk is full",
  );
  expect(troubleOf(foundation(undefined, false), options)).toContain("the connection to NATS is lost");
  expect(troubleOf(foundation(undefined), options)).toBeUndefined();
});
