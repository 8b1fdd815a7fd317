import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { decodeFromAgent, decodeMessage } from "../../../src/domain/wire/decode.ts";
import { AgentEventSchema } from "../../../src/domain/wire/event-messages.ts";
import { HeartbeatSchema, ReceiptSchema, StatusReportSchema } from "../../../src/domain/wire/messages.ts";
import {
  AgentMessageSchema,
  CommandSchema,
  ShutdownSchema,
} from "../../../src/domain/wire/order-messages.ts";
import { ToolCallSchema } from "../../../src/domain/wire/tool-messages.ts";
import { ada } from "../../support/agents.ts";

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
