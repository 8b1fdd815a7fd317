import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import {
  askedBaseOf,
  baseOf,
  KeepAliveSchema,
  ModelServerSchema,
  ModelServerUrlSchema,
} from "../../src/domain/model-server.ts";

describe("ModelServerUrlSchema", () => {
  test.each([
    "http://127.0.0.1:8080",
    "https://gpu.example/v1/",
    "http://[::1]:11434",
    "http://localhost:1234/proxy/v1",
  ])("takes %s", (url) => {
    expect(v.parse(ModelServerUrlSchema, url)).toBe(url);
  });

  test.each([
    ["127.0.0.1:8080"],
    ["ftp://gpu"],
    ["http://"],
    ["http://gpu/a b"],
    ["http://ann:secret@gpu:8080"],
    ["http://gpu:8080/?key=secret"],
    ["http://gpu:8080/#x"],
    // Of the form of a URL, and none: asked, it would count as a server that is away.
    ["http://127.0.0.1:99999"],
    ["http://[::1"],
    ["http://ho%zz:1/"],
  ])("refuses %s, and says what it must be without repeating it", (url) => {
    const { issues } = v.safeParse(ModelServerUrlSchema, url);
    expect(issues?.map(({ message }) => message)).toEqual([
      "must be a URL such as http://127.0.0.1:8080, without a user, a password, ? and #",
    ]);
  });
});

describe("baseOf()", () => {
  test.each([
    ["http://gpu:8080", "http://gpu:8080"],
    ["http://gpu:8080/", "http://gpu:8080"],
    ["http://gpu:8080/v1", "http://gpu:8080"],
    ["http://gpu:8080/v1//", "http://gpu:8080"],
    ["http://gpu/proxy/v1", "http://gpu/proxy"],
    ["http://gpu/v10", "http://gpu/v10"],
  ])("of %s is %s", (url, base) => {
    expect(baseOf({ url })).toBe(base);
  });
});

describe("askedBaseOf()", () => {
  test("is the gate before the server, if there is one", () => {
    expect(askedBaseOf({ url: "http://gpu/v1" })).toBe("http://gpu");
    expect(askedBaseOf({ url: "http://gpu/v1", gate: "http://127.0.0.1:9/x" })).toBe("http://127.0.0.1:9/x");
  });
});

describe("KeepAliveSchema", () => {
  test("takes Ollama's durations and -1, and nothing that would unload the model", () => {
    for (const text of ["30m", "1h30m", "500ms", "-1"]) expect(v.is(KeepAliveSchema, text)).toBe(true);
    for (const text of ["0", "0s", "30", "-30m", "1.5h", "", "30 m"])
      expect(v.is(KeepAliveSchema, text)).toBe(false);
  });
});

describe("ModelServerSchema", () => {
  test("an address alone means that all else is found out", () => {
    expect(v.parse(ModelServerSchema, { url: "http://gpu" })).toEqual({
      ...{ url: "http://gpu", kind: "auto", calls: "auto" },
    });
  });

  test.each([
    [{ url: "http://gpu", context: 100 }],
    [{ url: "http://gpu", slots: 0 }],
    [{ url: "http://gpu", max_steps: 1.5 }],
    [{ url: "http://gpu", kind: "vllm" }],
    [{ url: "http://gpu", slim: "yes" }],
    [{ url: "http://gpu", ulr: "x" }],
    [{ model: "tiny" }],
  ])("refuses %j", (settings) => {
    expect(v.is(ModelServerSchema, settings)).toBe(false);
  });
});
