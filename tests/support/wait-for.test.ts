import { describe, expect, test } from "bun:test";
import { stays, staysPending, waitFor } from "./wait-for.ts";

const because = "this test says so";

describe("waitFor()", () => {
  test("gives the first truthy value, and takes a check that throws as one that is not met yet", async () => {
    let looks = 0;
    const check = () => {
      looks += 1;
      if (looks === 1) throw new Error("not there");
      return looks === 3 && "there";
    };
    expect(await waitFor(check, { what: "it", intervalMs: 1 })).toBe("there");
    expect(looks).toBe(3);
  });

  test("fails at its deadline with what it saw last, also when a check never settles", async () => {
    const options = { what: "a miracle", deadlineMs: 30, intervalMs: 1 };
    await expect(waitFor(() => 0, options)).rejects.toThrow("not within 30 ms: a miracle; last saw: 0");
    await expect(waitFor(() => new Promise(() => undefined), options)).rejects.toThrow(
      "the first check did not finish",
    );
    await expect(waitFor(() => 0, { ...options, saw: () => "the state" })).rejects.toThrow("the state");
  });
});

describe("stays()", () => {
  test("resolves when it was true for as long as is said, not sooner", async () => {
    const beganMs = performance.now();
    await stays(() => true, { what: "it", because, forMs: 60 });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(59);
  });

  test("fails as soon as it is false, and says why it was looked at for so long", async () => {
    let isSo = true;
    setTimeout(() => {
      isSo = false;
    }, 20);
    const beganMs = performance.now();
    await expect(stays(() => isSo, { what: "the peace", because, forMs: 20_000 })).rejects.toThrow(
      "it did not stay so: the peace (looked at for 20000 ms, because this test says so)",
    );
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    await expect(stays(() => false, { what: "it", because, forMs: 0 })).rejects.toThrow("it did not stay so");
  });
});

describe("staysPending()", () => {
  test("fails for a promise that resolves and for one that rejects; not for one that does neither", async () => {
    const options = { what: "it", because, forMs: 20 };
    await expect(staysPending(Promise.resolve(), options)).rejects.toThrow("it did not stay so");
    await expect(staysPending(Promise.reject(new Error("no")), options)).rejects.toThrow(
      "it did not stay so",
    );
    await staysPending(new Promise(() => undefined), options);
  });
});
