import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { createRepeatedDecoder, decodeFromAgent, decodeMessage } from "../../../src/domain/wire/decode.ts";
import { AgentEventSchema } from "../../../src/domain/wire/event-messages.ts";
import { HeartbeatSchema, ReceiptSchema, StatusReportSchema } from "../../../src/domain/wire/messages.ts";
import {
  AgentMessageSchema,
  CommandSchema,
  ShutdownSchema,
} from "../../../src/domain/wire/order-messages.ts";
import { ToolCallSchema } from "../../../src/domain/wire/tool-messages.ts";
import { ada, bob } from "../../support/agents.ts";

const schemas = [
  AgentEventSchema,
  AgentMessageSchema,
  CommandSchema,
  HeartbeatSchema,
  ReceiptSchema,
  ShutdownSchema,
  StatusReportSchema,
  ToolCallSchema,
];

describe("decodeMessage()", () => {
  test("takes the plain protocol's shortest messages", () => {
    expect(decodeMessage(CommandSchema, '{"type":"stop"}').type).toBe("stop");
    expect(decodeMessage(HeartbeatSchema, "{}")).toEqual({});
    expect(decodeMessage(StatusReportSchema, '{"status":"dancing"}').status).toBe("dancing");
    expect(decodeMessage(ToolCallSchema, '{"tool":"check_inbox"}').arguments).toEqual({});
  });

  test("keeps unknown fields and passes them on", () => {
    expect(decodeMessage(CommandSchema, '{"type":"stop","colour":"red","deep":{"a":[1]}}')).toMatchObject({
      colour: "red",
      deep: { a: [1] },
    });
  });

  test.each([
    ['{"a":', "not JSON"],
    ["", "not JSON"],
    ["[]", "must be a JSON object"],
    ['"x"', "must be a JSON object"],
    ["null", "must be a JSON object"],
    ["{}", "type is missing"],
    ['{"type":"dance"}', "type must be one of stop, pause, resume, task"],
    ['{"type":"stop","command_id":"a b"}', "command_id"],
    ['{"type":"stop","expires_at":"tomorrow"}', "RFC 3339"],
    [`{"type":"stop","x":${"[".repeat(200)}${"]".repeat(200)}}`, "nested deeper"],
  ])("says in one line what is wrong with %p", (text, words) => {
    const decode = () => decodeMessage(CommandSchema, new TextEncoder().encode(text));
    expect(decode).toThrow(words);
    try {
      decode();
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });

  test.each([
    ["interval_s", "1e999", "interval_s is above 3,600"],
    ["interval_s", "3601", "interval_s is above 3,600"],
    ["seq", "1e999", "seq must be finite"],
    ["project_path", JSON.stringify("p".repeat(4_097)), "project_path is longer than 4,096 characters"],
    ["host", JSON.stringify("h".repeat(1_025)), "host is longer than 1,024 characters"],
  ])("refuses a heartbeat whose %s has no bound: %.12s", (field, value, message) => {
    expect(() => decodeMessage(HeartbeatSchema, `{"${field}":${value}}`)).toThrow(message);
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => decodeMessage(CommandSchema, new Uint8Array([0x7b, 0xff, 0x7d]))).toThrow("not JSON");
  });

  test("a __proto__ key changes no prototype", () => {
    const message = decodeMessage(HeartbeatSchema, '{"__proto__":{"polluted":true},"status":"idle"}');
    expect((message as { polluted?: boolean }).polluted).toBeUndefined();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("whatever comes, it gives a message or a CliaiError, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        fc.constantFrom(...schemas),
        (data, schema) => {
          try {
            decodeMessage(schema, data);
          } catch (error) {
            expect(error).toBeInstanceOf(CliaiError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("decodeFromAgent()", () => {
  test("takes a missing agent_id from the subject", () => {
    expect(decodeFromAgent(StatusReportSchema, '{"status":"idle"}', ada).agent_id).toBe(ada);
  });

  test("refuses a body that speaks for another agent", () => {
    expect(() => decodeFromAgent(StatusReportSchema, '{"agent_id":"bob","status":"idle"}', ada)).toThrow(
      'the body says agent_id "bob", the subject says "ada"',
    );
  });
});

describe("createRepeatedDecoder()", () => {
  /** Values that are right for some fields and wrong for others. */
  const anyValue = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("idle", "2026-05-04T10:00:00Z", "resume", "ada", "", 1, 15, true),
    },
    fc.constantFrom(null, -1, 3_601, "x".repeat(1_025), "p".repeat(4_097), false, ["a", "b"], [1], {}),
    fc.constantFrom({ server: "s", state: "idle", more: 1 }, { server: "s", state: "dancing" }, { turns: 3 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const anyName = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...Object.keys(HeartbeatSchema.entries)) },
    fc.constantFrom("__proto__", "constructor", "prototype", "toString", "colour"),
  );
  const anyText = fc.array(fc.tuple(anyName, anyValue), { maxLength: 5 }).map((fields) => {
    const named = new Map(fields);
    return `{${[...named].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
  });
  const outcomeOf = (decode: () => unknown) => {
    try {
      return { message: decode() };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };

  test("gives what decodeFromAgent() gives, and fails as it fails, whatever the sender sent before", () => {
    let repeated = 0;
    const bytes = (text: string) => new TextEncoder().encode(text);
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 4 }), fc.boolean(), (texts, isEachTwice) => {
        const decode = createRepeatedDecoder(HeartbeatSchema);
        for (const text of isEachTwice ? texts.flatMap((each) => [each, each]) : texts) {
          const wanted = outcomeOf(() => decodeFromAgent(HeartbeatSchema, bytes(text), ada));
          expect(outcomeOf(() => decode(bytes(text), ada))).toEqual(wanted);
          if ("message" in wanted) repeated += 1;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(repeated).toBeGreaterThan(1_000);
  });

  test("what one agent sent makes nothing valid for another one", () => {
    const decode = createRepeatedDecoder(HeartbeatSchema);
    const wrong = new TextEncoder().encode('{"seq":-1}');
    decode(new TextEncoder().encode('{"seq":1}'), ada);
    for (const id of [ada, bob, ada]) expect(() => decode(wrong, id)).toThrow("seq is below 0");
  });

  test("refuses a body that speaks for another agent, also after one that did not", () => {
    const decode = createRepeatedDecoder(HeartbeatSchema);
    decode(new TextEncoder().encode('{"agent_id":"ada"}'), ada);
    expect(() => decode(new TextEncoder().encode('{"agent_id":"bob"}'), ada)).toThrow(
      'the body says agent_id "bob", the subject says "ada"',
    );
  });
});
