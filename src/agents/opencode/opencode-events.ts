// Reads the events of `opencode serve`: which of them tell something about a session, and what. Measured with 1.18.33.
import * as v from "valibot";

/** A field of an unexpected type counts as absent, so that the rest of the event still counts. */
const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const figure = v.optional(v.fallback(v.number(), 0), 0);
const anything = v.optional(v.unknown());

const MessageSchema = v.looseObject({
  info: v.looseObject({
    ...{ id: v.string(), sessionID: v.string(), role: v.picklist(["user", "assistant"]) },
    /** Of an assistant's message: the newest message of the user that the request to the model contains. */
    parentID: text,
    modelID: text,
    providerID: text,
  }),
});
const PartSchema = v.looseObject({
  ...{ id: v.string(), sessionID: v.string(), messageID: v.string(), type: v.string() },
  text,
  /** Whether OpenCode itself has written the text. */
  synthetic: v.optional(v.fallback(v.boolean(), false), false),
  time: v.optional(v.fallback(v.looseObject({ end: v.optional(v.number()) }), {}), {}),
  ...{ tool: text, callID: text },
  state: v.optional(v.looseObject({ status: v.string(), input: anything, output: anything, error: text }), {
    status: "",
  }),
  cost: figure,
  tokens: v.optional(
    v.looseObject({
      ...{ input: figure, output: figure, reasoning: figure },
      cache: v.optional(v.looseObject({ read: figure, write: figure }), {}),
    }),
    {},
  ),
});
export type OpencodePart = v.InferOutput<typeof PartSchema>;
const ErrorSchema = v.looseObject({
  name: v.optional(v.string(), ""),
  data: v.optional(
    v.fallback(
      v.looseObject({
        message: text,
        statusCode: v.optional(v.number()),
        /** Of the answer of the model's server. */
        responseHeaders: v.optional(v.fallback(v.record(v.string(), v.string()), {})),
        responseBody: text,
      }),
      {},
    ),
    {},
  ),
});
export type OpencodeFailure = v.InferOutput<typeof ErrorSchema>;
const ToolCallSchema = v.optional(v.fallback(v.looseObject({ callID: text }), {}), {});
const PermissionSchema = v.looseObject({
  ...{ id: v.string(), sessionID: v.string(), permission: v.string() },
  patterns: v.optional(v.fallback(v.array(v.string()), []), []),
  metadata: v.optional(v.fallback(v.looseObject({}), {}), {}),
  tool: ToolCallSchema,
});
export type OpencodePermission = v.InferOutput<typeof PermissionSchema>;
const QuestionSchema = v.looseObject({
  ...{ id: v.string(), sessionID: v.string() },
  questions: v.array(
    v.looseObject({
      question: v.string(),
      header: text,
      multiple: v.optional(v.fallback(v.boolean(), false), false),
      options: v.optional(v.array(v.looseObject({ label: v.string(), description: text })), []),
    }),
  ),
  tool: ToolCallSchema,
});
export type OpencodeQuestion = v.InferOutput<typeof QuestionSchema>;

const schemas = {
  "message.updated": MessageSchema,
  "message.part.updated": v.looseObject({ part: PartSchema }),
  "session.created": v.looseObject({
    info: v.looseObject({ id: v.string(), parentID: text, title: text }),
  }),
  "session.status": v.looseObject({
    sessionID: v.string(),
    status: v.looseObject({
      type: v.string(),
      attempt: v.optional(v.number(), 1),
      message: v.optional(v.string(), ""),
      /** With `retry`: when the next try comes, in ms since 1970. */
      next: v.optional(v.number(), 0),
    }),
  }),
  "session.error": v.looseObject({ sessionID: text, error: v.optional(ErrorSchema, {}) }),
  "session.compacted": v.looseObject({ sessionID: v.string() }),
  "permission.asked": PermissionSchema,
  "permission.replied": v.looseObject({ sessionID: v.string(), requestID: v.string() }),
  "question.asked": QuestionSchema,
  "question.replied": v.looseObject({ sessionID: v.string(), requestID: v.string() }),
  "question.rejected": v.looseObject({ sessionID: v.string(), requestID: v.string() }),
} as const;

export type OpencodeEvent = {
  [Type in keyof typeof schemas]: {
    readonly type: Type;
    readonly properties: v.InferOutput<(typeof schemas)[Type]>;
  };
}[keyof typeof schemas];

export type PropertiesOf<Type extends OpencodeEvent["type"]> = Extract<
  OpencodeEvent,
  { type: Type }
>["properties"];

const EventSchema = v.looseObject({ type: v.string(), properties: v.unknown() });

/** Undefined for an event that tells nothing about a session's work, or has another form. */
export function readOpencodeEvent(event: unknown): OpencodeEvent | undefined {
  const read = v.safeParse(EventSchema, event);
  if (!read.success || !Object.hasOwn(schemas, read.output.type)) return undefined;
  const type = read.output.type as keyof typeof schemas;
  const properties = v.safeParse(schemas[type], read.output.properties);
  return properties.success ? ({ type, properties: properties.output } as OpencodeEvent) : undefined;
}

/** Reads the answer to GET /session/ID/message. Messages of another form are left out. */
export function readMessages(list: unknown): OpencodeEvent[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: { info?: unknown; parts?: unknown } | null) => {
    const parts = Array.isArray(each?.parts) ? each.parts : [];
    const events = [
      { type: "message.updated", properties: { info: each?.info } },
      ...parts.map((part: unknown) => ({ type: "message.part.updated", properties: { part } })),
    ];
    return events.flatMap((event) => readOpencodeEvent(event) ?? []);
  });
}
