// The messages of an ACP agent, as far as cliai reads them. Protocol 1; fields of an unexpected type count as absent, so that the rest of
// a message still counts. Seen with Qwen Code 0.24.4.
import * as v from "valibot";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const figure = v.optional(v.fallback(v.optional(v.number()), undefined));
const meta = v.optional(v.fallback(v.looseObject({}), {}), {});
const list = v.optional(v.fallback(v.array(v.unknown()), []), []);

const ContentSchema = v.looseObject({ type: v.string(), text });

/** A tool call, or what has changed of it: an absent field has not changed. */
const CallSchema = v.looseObject({
  toolCallId: v.string(),
  ...{ title: text, kind: text, status: text },
  rawInput: v.optional(v.unknown()),
  rawOutput: v.optional(v.unknown()),
  content: list,
  locations: v.fallback(v.optional(v.array(v.unknown())), undefined),
  _meta: meta,
});
export type AcpCall = v.InferOutput<typeof CallSchema>;

const chunk = { content: ContentSchema, _meta: meta };
const UpdateSchema = v.variant("sessionUpdate", [
  v.looseObject({ sessionUpdate: v.literal("agent_message_chunk"), ...chunk }),
  v.looseObject({ sessionUpdate: v.literal("agent_thought_chunk"), ...chunk }),
  v.looseObject({ sessionUpdate: v.literal("tool_call"), ...CallSchema.entries }),
  v.looseObject({ sessionUpdate: v.literal("tool_call_update"), ...CallSchema.entries }),
  v.looseObject({ sessionUpdate: v.literal("notice"), title: v.string(), _meta: meta }),
  v.looseObject({ sessionUpdate: v.literal("usage_update"), used: figure, size: figure }),
]);
export type AcpUpdate = v.InferOutput<typeof UpdateSchema>;

const NotificationSchema = v.looseObject({ sessionId: v.string(), update: UpdateSchema });

const PermissionSchema = v.looseObject({
  sessionId: v.string(),
  toolCall: CallSchema,
  options: v.array(v.looseObject({ optionId: v.string(), kind: v.string(), name: text })),
  _meta: meta,
});
export type AcpPermission = v.InferOutput<typeof PermissionSchema>;

export const InitializedSchema = v.looseObject({
  protocolVersion: v.number(),
  agentCapabilities: v.optional(
    v.looseObject({ loadSession: v.optional(v.fallback(v.boolean(), false), false) }),
    {},
  ),
});

const ModelSchema = v.looseObject({ modelId: v.string(), name: text, _meta: meta });
export const OpenedSchema = v.looseObject({
  models: v.optional(
    v.fallback(
      v.looseObject({ currentModelId: text, availableModels: v.optional(v.array(ModelSchema), []) }),
      { availableModels: [] },
    ),
  ),
});
export type AcpOpened = v.InferOutput<typeof OpenedSchema>;
export const NewSessionSchema = v.looseObject({ sessionId: v.string() });

export const PromptAnswerSchema = v.looseObject({
  stopReason: v.string(),
  usage: v.optional(v.unknown()),
  _meta: meta,
});
export type AcpPromptAnswer = v.InferOutput<typeof PromptAnswerSchema>;

/** Undefined for an update of another session, or one that cliai does not use. */
export function readUpdate(params: unknown, session: string): AcpUpdate | undefined {
  const read = v.safeParse(NotificationSchema, params);
  return read.success && read.output.sessionId === session ? read.output.update : undefined;
}

/** Undefined if the request has another form. */
export function readPermission(params: unknown): AcpPermission | undefined {
  const read = v.safeParse(PermissionSchema, params);
  return read.success ? read.output : undefined;
}

/** The text of a call's content, such as a tool's output; "" if it has none. */
export function contentText(content: readonly unknown[]): string {
  const inner = v.looseObject({ type: v.literal("content"), content: ContentSchema });
  return content.flatMap((each) => (v.is(inner, each) ? (each.content.text ?? []) : [])).join("\n");
}
