// Reads Claude Code's telemetry (OTLP over HTTP, as JSON). It has the tokens, the model and Claude's own estimate of the cost for each request
// to the model. It also has the decisions about tools, because no hook tells that a person has answered a dialog. Measured with 2.1.330, which
// does not pass the variables of `telemetryEnv` on to the agent's tools.
import * as v from "valibot";
import type { ModelRequest, ToolDecision } from "../../domain/hook.ts";
import type { HookPlace } from "../agent-launch.ts";

const exportEveryMs = 2_000;

type Place = Pick<HookPlace, "telemetryUrl" | "token" | "userSettings" | "isHeadless">;

/**
 * Returns the variables for the `env` of the agent's settings. Empty if the user has telemetry settings: cliai leaves them as they are. Also
 * empty for a headless session: its results tell the same, and exporting slows each tool call (docs/performance.md).
 */
export function telemetryEnv({
  telemetryUrl,
  token,
  userSettings,
  isHeadless,
}: Place): Record<string, string> {
  if (isHeadless || userSettings.telemetryElsewhere !== undefined) return {};
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: telemetryUrl,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${token}`,
    OTEL_LOGS_EXPORT_INTERVAL: String(exportEveryMs),
  };
}

const ValueSchema = v.looseObject({
  stringValue: v.optional(v.string()),
  intValue: v.optional(v.union([v.number(), v.string()])),
  doubleValue: v.optional(v.number()),
});
const LogsSchema = v.looseObject({
  resourceLogs: v.array(
    v.looseObject({
      scopeLogs: v.array(
        v.looseObject({
          logRecords: v.array(
            v.looseObject({
              attributes: v.optional(v.array(v.looseObject({ key: v.string(), value: ValueSchema })), []),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Value = v.InferOutput<typeof ValueSchema>;

/** Returns the attributes of each record. Leaves out records of another shape. */
function readRecords(payload: unknown): ReadonlyMap<string, Value>[] {
  const read = v.safeParse(LogsSchema, payload);
  if (!read.success) return [];
  return read.output.resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map(({ attributes }) => new Map(attributes.map(({ key, value }) => [key, value])));
}

/** Returns the tool calls that were allowed or refused. For a call with a dialog the record comes when the dialog is answered. */
export function readClaudeDecisions(payload: unknown): ToolDecision[] {
  return readRecords(payload).flatMap((values) => {
    const toolUseId = values.get("tool_use_id")?.stringValue;
    if (values.get("event.name")?.stringValue !== "tool_decision" || toolUseId === undefined) return [];
    return { toolUseId, isAllowed: values.get("decision")?.stringValue === "accept" };
  });
}

/** Returns the requests to the model that the records tell of. */
export function readClaudeTelemetry(payload: unknown): ModelRequest[] {
  return readRecords(payload).flatMap((values) => {
    const text = (key: string) => values.get(key)?.stringValue;
    const number = (key: string) => {
      const { intValue, doubleValue } = values.get(key) ?? {};
      const found = Number(doubleValue ?? intValue ?? 0);
      return Number.isFinite(found) && found > 0 ? found : 0;
    };
    // A model server that sends no header `request-id` gives the request no id. A repeated export has the same time and number.
    const id =
      text("request_id") ??
      (text("event.timestamp") && `${text("event.timestamp")} ${number("event.sequence")}`);
    if (text("event.name") !== "api_request" || id === undefined) return [];
    const context_tokens =
      number("input_tokens") + number("cache_read_tokens") + number("cache_creation_tokens");
    return {
      id,
      model: text("model"),
      context_tokens,
      tokens: context_tokens + number("output_tokens"),
      cost: number("cost_usd"),
      // Requests for titles and summaries are not part of the conversation, so their tokens do not tell its length.
      isConversation: !/title|summar|compact|quota|suggest/i.test(text("query_source") ?? ""),
    };
  });
}
