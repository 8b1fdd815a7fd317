// The settings file and the settings of `serve`: what is taken, and how what is not is named.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve as resolvePath } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import fc from "fast-check";
import * as v from "valibot";
import { serveCommand } from "../../src/cli/serve/serve.ts";
import {
  ConfigSchema,
  parseConfig,
  resolveServeSettings,
  type SettingTexts,
} from "../../src/config/config.ts";
import { auditRetentionOf, flagOf, serveSettings, serveTable } from "../../src/config/serve-settings.ts";
import { findJsonError } from "../../src/domain/text/json-error.ts";
import { errorOf } from "../support/error-of.ts";
import { profileKeysTable, settingsTable } from "../support/settings-table.ts";

const configsDir = join(import.meta.dirname, "../../configs");

describe("parseConfig()", () => {
  test("takes a file with nothing in it, and of a profile only what is given", () => {
    expect(parseConfig("{}", "f.json")).toEqual({ serve: {} });
    const { agents } = parseConfig('{"agents":{"ada":{},"bob":{"model":"m"}}}', "f.json");
    expect(agents).toEqual({ ada: {}, bob: { model: "m" } });
  });

  test.each([
    ['{"serve":{"prot":1}}', 'f.json: unknown key "serve.prot"', "did you mean port?"],
    ['{"srve":{}}', 'f.json: unknown key "srve"', "did you mean serve?"],
    ['{"agents":{"ada":{"modle":"x"}}}', 'f.json: unknown key "agents.ada.modle"', "did you mean model"],
    ['{"serve":{"quite_another":1}}', 'f.json: unknown key "serve.quite_another"', "the keys are port, "],
    ['{"serve":{"port":70000}}', '"serve.port" must be a whole number from 0 to 65535, not 70000', ""],
    ['{"serve":{"port":"3000"}}', '"serve.port" must be a whole number from 0 to 65535, not "3000"', ""],
    ['{"serve":null}', '"serve" must be an object of settings, not null', ""],
    ['{"agents":{"a b":{}}}', '"agents.a b" is not a profile name', ""],
    ['{"agents":{"ada":{"role":"boss"}}}', '"agents.ada.role" must be one of agent, captain, not "boss"', ""],
    ['{"agents":[{"name":"ada"}]}', 'f.json: "agents" must be an object, not a list', ""],
    ["[]", "f.json: the file must be an object, not a list", ""],
    ["7", "f.json: must be a JSON object, not 7", ""],
  ])("refuses %s by naming it", (source, message, hint) => {
    const error = errorOf(() => parseConfig(source, "f.json"));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test("names the line and column of a syntax error", () => {
    expect(errorOf(() => parseConfig('{\n  "serve": {},\n}\n', "f.json")).message).toBe(
      "f.json:3:1 is not JSON",
    );
  });
});

describe("findJsonError()", () => {
  test.each([
    ["", 1, 1],
    ["{", 1, 2],
    ['{"a"', 1, 5],
    ["[1,]", 1, 4],
    ["[1 2]", 1, 4],
    ["01", 1, 1],
    ['["x', 1, 2],
    ['{"a":1}}', 1, 8],
    ["{a:1}", 1, 2],
    ['{\n "a": nul\n}', 2, 7],
    ['[\n"a\nb"]', 2, 1],
  ])("places the error of %j at %d:%d", (text, line, column) => {
    expect(findJsonError(text)).toEqual({ line, column });
  });

  test("finds none in any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        expect(findJsonError(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
    );
  });
});

describe("resolveServeSettings()", () => {
  const file = parseConfig('{"serve":{"port":1111,"nats_port":2222,"host":"::1"}}', "f.json");
  const resolve = (texts: Partial<SettingTexts>, config = file) =>
    resolveServeSettings({ flags: {}, env: {}, ...texts }, config);

  test("reserves less for transcripts on a server that others run, unless a size is set", () => {
    const sizeOf = (flags: Record<string, string>, config = file) =>
      resolve({ flags }, config).transcript_max_bytes;
    const foreign = { "nats-url": "nats://nats.example:4222" };
    expect(sizeOf({})).toBe("512MB");
    expect(sizeOf(foreign)).toBe("64MB");
    expect(sizeOf({ ...foreign, "transcript-max-bytes": "1GB" })).toBe("1GB");
    const set = parseConfig('{"serve":{"transcript_max_bytes":"2GB","nats_url":"nats://n:1"}}', "f.json");
    expect(sizeOf({}, set)).toBe("2GB");
  });

  test("a flag goes before the environment, that before the file, that before the default", () => {
    const env = { CLIAI_PORT: "3333", CLIAI_NATS_PORT: "4444" };
    const flags = { port: "5555" };
    expect(resolve({ env, flags })).toEqual({
      port: 5555,
      nats_port: 4444,
      host: "::1",
      insecure: false,
      phone: false,
      phone_port: 3443,
      agent_protocol: false,
      replicas: 1,
      sync: "always",
      audit_max_age: "30d",
      audit_max_bytes: "1GB",
      audit_heartbeats: false,
      audit_keystrokes: false,
      search_max_bytes: "512MB",
      transcript_max_age: "14d",
      transcript_max_bytes: "512MB",
      same_file_window: "10m",
      on_limit: "resume",
      resume_window: "10m",
    });
  });

  test("the audit's age and size are read in their units, and a size that holds nothing is refused", () => {
    const settings = resolve({ flags: { "audit-max-age": "12h", "audit-max-bytes": "256MB" } });
    expect(auditRetentionOf(settings)).toEqual({ maxAgeMs: 43_200_000, maxBytes: 268_435_456 });
    const small = resolve({ flags: { "audit-max-bytes": "63MB" } });
    expect(errorOf(() => auditRetentionOf(small)).message).toBe('audit_max_bytes "63MB" is below 64MB');
  });

  test("reads yes and no from the environment, and takes an empty variable as unset", () => {
    expect(resolve({ env: { CLIAI_INSECURE: "1", CLIAI_PORT: "" } })).toMatchObject({
      insecure: true,
      port: 1111,
    });
    expect(resolve({ env: { CLIAI_INSECURE: "false" } })).toMatchObject({ insecure: false });
  });

  test.each([
    [{ flags: { port: "abc" } }, '--port "abc" must be a whole number from 0 to 65535'],
    [{ flags: { port: "-1" } }, '--port "-1" must be'],
    [{ flags: { port: "1e3" } }, '--port "1e3" must be'],
    [{ flags: { "nats-port": "65536" } }, '--nats-port "65536" must be'],
    [{ flags: { replicas: "0" } }, '--replicas "0" must be a whole number from 1 to 5'],
    [{ flags: { sync: "never" } }, '--sync "never" must be always, or a time such as 1s or 2m'],
    [{ flags: { replicas: "3" } }, "replicas 3 is set without nats_url"],
    [{ env: { CLIAI_PORT: "70000" } }, 'CLIAI_PORT "70000" must be'],
    [{ env: { CLIAI_INSECURE: "maybe" } }, 'CLIAI_INSECURE "maybe" must be true or false'],
    [{ flags: { "audit-max-age": "soon" } }, '--audit-max-age "soon" must be a duration such as 12h or 30d'],
    [
      { flags: { "audit-max-bytes": "1000" } },
      '--audit-max-bytes "1000" must be a size such as 512MB or 4GB',
    ],
    [{ flags: { "nats-creds": "x.creds" } }, 'nats_creds "x.creds" is set without nats_url'],
  ])("refuses %j by naming the source and the value", (texts, message) => {
    const error = errorOf(() => resolve(texts));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(message);
  });
});

describe("every setting of serve", () => {
  const docs = readFileSync(resolvePath(import.meta.dirname, "../../docs/settings.md"), "utf8");

  test("is in docs/settings.md, as the program's own table has it", () => {
    expect(docs).toContain(settingsTable());
  });

  test("and every key of a profile is there as its schema has it", () => {
    expect(docs).toContain(profileKeysTable());
  });

  test.each(serveTable.map(([key]) => key))("%s has a flag in serve --help, with its default", (key) => {
    const setting: { description: string; default?: unknown } = serveSettings[key];
    const line = serveCommand
      .help()
      .split("\n")
      .find((each) => each.includes(` --${flagOf(key)} `));
    expect(line).toContain(setting.description);
    if (setting.default !== undefined && setting.default !== false) {
      expect(line).toContain(`(default ${setting.default})`);
    }
  });

  test.each(serveTable.filter(([, { default: standard }]) => standard !== undefined))(
    "%s has a default that its own schema takes",
    (_, { schema, default: standard }) => {
      expect(v.is(schema, standard)).toBe(true);
    },
  );
});

describe("the default settings file", () => {
  const source = readFileSync(join(configsDir, "agents.json"), "utf8");

  test("is one that the program takes", () => {
    expect(Object.keys(parseConfig(source, "agents.json").agents ?? {})).toContain("demo");
  });

  test("has the JSON Schema for editors that follows from the program's own", () => {
    const schema: unknown = JSON.parse(readFileSync(join(configsDir, "agents.schema.json"), "utf8"));
    expect(schema).toEqual(
      JSON.parse(JSON.stringify(toJsonSchema(ConfigSchema, { typeMode: "input", ignoreActions: ["check"] }))),
    );
  });
});
