import { describe, expect, test } from "bun:test";
import { type ApiError, ErrorCode, NatsError } from "nats";
import { CliaiError } from "../../src/domain/text/errors.ts";
import {
  isElecting,
  isGone,
  isNotFound,
  isOtherwiseThere,
  isShortOfPeers,
  isTimeout,
  isWrongSequence,
  refusalOf,
  translateNatsError,
} from "../../src/nats/errors.ts";

const client = (code: ErrorCode) => NatsError.errorForCode(code);
function api(err_code: number, description: string, code = 400): NatsError {
  const error = new NatsError(description, ErrorCode.JetStreamNotEnabled);
  error.api_error = { code, err_code, description } satisfies ApiError;
  return error;
}

describe("translateNatsError()", () => {
  test.each([
    [ErrorCode.Timeout, "no_answer", "no answer in time: say it"],
    [ErrorCode.NoResponders, "server_unreachable", "nobody answers: say it"],
    [ErrorCode.ConnectionRefused, "nats_unreachable", "NATS cannot be reached: say it"],
    [ErrorCode.ConnectionClosed, "nats_unreachable", "NATS cannot be reached: say it"],
    [ErrorCode.AuthorizationViolation, "refused", "NATS refuses: say it"],
    [ErrorCode.PermissionsViolation, "refused", "NATS refuses: say it"],
    [ErrorCode.MaxPayloadExceeded, "payload_too_large", "too large for NATS: say it"],
  ] as const)("%s is %s", (code, ours, message) => {
    const error = translateNatsError(client(code), "say it");
    expect([error.code, error.message]).toEqual([ours, message]);
    expect(error.cause).toBeInstanceOf(NatsError);
  });

  test.each([
    [10077, "maximum messages per subject exceeded", "refused"],
    [10077, "disk full", "store_unavailable"],
    [10023, "insufficient resources", "store_unavailable"],
    [10047, "insufficient storage", "store_unavailable"],
    [10074, "replicas > 1 not supported", "config_invalid"],
    [10005, "no suitable peers", "config_invalid"],
    [10071, "wrong last sequence", "failed"],
  ] as const)("JetStream's %d (%s) is %s, in words", (err_code, description, ours) => {
    const error = translateNatsError(api(err_code, description), "store it");
    expect(error.code).toBe(ours);
    expect(error.message).toContain("store it");
    if (ours !== "failed") expect(error.hint).toBeString();
  });

  test("a code alone is never shown as the words of an error", () => {
    // JetStream's 503 is not the 503 of a request that nobody answers.
    const error = translateNatsError(api(10008, "JetStream system temporarily unavailable", 503), "store it");
    expect(error.message).toBe("cannot store it: JetStream system temporarily unavailable");
    for (const code of [ErrorCode.Timeout, ErrorCode.NoResponders]) {
      expect(translateNatsError(client(code), "say it").message).not.toContain(code);
    }
  });

  test("an error of ours stays the same one, any other is told as it is", () => {
    const own = new CliaiError("usage", "no");
    expect(translateNatsError(own, "say it")).toBe(own);
    expect(translateNatsError(new TypeError("x is not a function"), "say it").message).toBe(
      "cannot say it: x is not a function",
    );
    expect(translateNatsError("odd", "say it").message).toBe("cannot say it: odd");
  });
});

describe("refusalOf()", () => {
  test("is the error of a connection whose credentials are refused, and of no other", () => {
    expect(refusalOf(ErrorCode.AuthorizationViolation, "connect again")?.code).toBe("refused");
    for (const code of [ErrorCode.Timeout, ErrorCode.NoResponders, "odd", undefined]) {
      expect(refusalOf(code, "connect again")).toBeUndefined();
    }
  });
});

describe("the questions about one error", () => {
  const asked = {
    ...{ isElecting, isGone, isNotFound, isOtherwiseThere, isShortOfPeers, isTimeout, isWrongSequence },
  };

  test.each([
    ["a wrong sequence", api(10071, "wrong last sequence"), ["isWrongSequence"]],
    ["no answer of a cluster", api(10008, "not available", 503), ["isElecting"]],
    ["a server that does not lead", api(10009, "not the leader", 503), ["isElecting"]],
    ["a request that nobody took", client(ErrorCode.NoResponders), ["isElecting"]],
    ["too few peers", api(10005, "no suitable peers"), ["isShortOfPeers"]],
    ["a timeout", client(ErrorCode.Timeout), ["isTimeout"]],
    ["no such stream", api(10059, "stream not found", 404), ["isNotFound"]],
    ["another consumer", api(10148, "consumer already exists"), ["isOtherwiseThere"]],
    ["a removed message", api(10043, "sequence 7 not found"), ["isGone"]],
    ["one before the first", api(10057, "no message found"), ["isGone"]],
    ["one beyond the end", api(10057, "stream store EOF"), ["isGone"]],
    ["a failed removal", api(10057, "disk failure"), []],
    ["an error with such words", new Error("TIMEOUT"), []],
    ["nothing", undefined, []],
  ])("of %s each has its own answer", (_, error, which) => {
    const yes = Object.entries(asked).flatMap(([name, is]) => (is(error) ? [name] : []));
    expect(yes).toEqual(which as string[]);
  });
});
