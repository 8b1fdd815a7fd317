// Translates what Codex asks its client into hooks for the host, and the host's answers into replies to Codex. Measured with 0.171.0.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { idFact, shortFact } from "../../domain/text/fact-words.ts";
import type { CodexItem } from "./codex-events.ts";
import { formQuestions, formReply, isForm } from "./codex-forms.ts";
import { mcpToolName, pathsOf, scriptOf, toolHook } from "./codex-tools.ts";

/** One request of Codex: its hook for the host, and the reply to Codex. */
export interface CodexAsked {
  readonly threadId: string;
  hook(subagent: string | undefined): Hook;
  /** Undefined if the host leaves the answer to the person at the terminal. */
  reply(answer: HookAnswer): object | undefined;
  /** Whether the reply has no room for words. Then the model has to be told the reason of a refusal in another way. */
  readonly isWordless: boolean;
  /** Why the answers do not fit the request; undefined if they fit. Absent if every answer fits. */
  misfit?(answer: HookAnswer): string | undefined;
}

const text = v.nullish(v.string());
const ofItem = { threadId: v.string(), itemId: v.string(), reason: text };
const CommandSchema = v.looseObject({
  ...ofItem,
  kind: text,
  ...{ command: text, cwd: text },
  networkApprovalContext: v.optional(v.unknown()),
  additionalPermissions: v.optional(v.unknown()),
});
const FileChangeSchema = v.looseObject({ ...ofItem, grantRoot: text });
const PermissionsSchema = v.looseObject({ ...ofItem, cwd: text, permissions: v.looseObject({}) });
const QuestionsSchema = v.looseObject({
  ...{ threadId: v.string(), itemId: v.string() },
  questions: v.array(
    v.looseObject({
      ...{ id: v.string(), question: v.string(), header: text },
      options: v.nullish(v.array(v.looseObject({ label: v.string(), description: text }))),
    }),
  ),
});
const ElicitationSchema = v.looseObject({
  ...{ threadId: v.string(), serverName: v.string(), mode: v.string() },
  message: v.optional(v.string(), ""),
  requestedSchema: v.optional(v.unknown()),
  _meta: v.optional(
    v.fallback(
      v.nullish(v.looseObject({ codex_approval_kind: text, tool_name: text, tool_params: v.unknown() })),
      undefined,
    ),
  ),
});

/**
 * Undefined for a request that cliai does not answer, or that has another form.
 * @param itemOf the item that runs with this id
 */
export function readRequest(
  method: string,
  params: unknown,
  itemOf: (id: string) => CodexItem | undefined,
): CodexAsked | undefined {
  switch (method) {
    case "item/commandExecution/requestApproval":
      return readAs(CommandSchema, params, commandAsked);
    case "item/fileChange/requestApproval":
      return readAs(FileChangeSchema, params, (asked) => fileChangeAsked(asked, itemOf(asked.itemId)));
    case "item/permissions/requestApproval":
      return readAs(PermissionsSchema, params, permissionsAsked);
    case "item/tool/requestUserInput":
      return readAs(QuestionsSchema, params, questionsAsked);
    case "mcpServer/elicitation/request":
      return readAs(ElicitationSchema, params, elicitationAsked);
    default:
      return undefined;
  }
}

function readAs<Schema extends v.GenericSchema>(
  schema: Schema,
  params: unknown,
  make: (asked: v.InferOutput<Schema>) => CodexAsked | undefined,
): CodexAsked | undefined {
  const read = v.safeParse(schema, params);
  return read.success ? make(read.output) : undefined;
}

function permission(
  { threadId, itemId: id }: { readonly threadId: string; readonly itemId: string | undefined },
  tool: { readonly name: string; readonly input: object },
  answers: { readonly yes: object; readonly no: object },
): CodexAsked {
  return {
    threadId,
    hook: (subagent) => toolHook("permission", { ...tool, id }, subagent),
    reply: ({ type }) =>
      type === "permit" ? answers.yes : type === "forbid" || type === "deny" ? answers.no : undefined,
    isWordless: true,
  };
}

/** With `decline` the turn goes on; `cancel` would end it. */
const decisions = { yes: { decision: "accept" }, no: { decision: "decline" } };

function commandAsked(asked: v.InferOutput<typeof CommandSchema>): CodexAsked {
  const { command, cwd, reason, kind } = asked;
  const input = definedOf({
    command: scriptOf(command),
    ...{ cwd: cwd ?? undefined, reason: reason ?? undefined },
    asks_for: kind === "command" ? undefined : (kind ?? undefined),
    network: asked.networkApprovalContext ?? undefined,
    more_permissions: asked.additionalPermissions ?? undefined,
  });
  return permission(asked, { name: "Bash", input }, decisions);
}

function fileChangeAsked(
  asked: v.InferOutput<typeof FileChangeSchema>,
  item: CodexItem | undefined,
): CodexAsked {
  const { reason, grantRoot } = asked;
  const input = definedOf({
    ...{ path: pathsOf(item?.changes), changes: item?.changes, reason: reason ?? undefined },
    writes_below: grantRoot ?? undefined,
  });
  return permission(asked, { name: "apply_patch", input }, decisions);
}

function permissionsAsked(asked: v.InferOutput<typeof PermissionsSchema>): CodexAsked {
  const { permissions, cwd, reason } = asked;
  const input = { description: reason ?? "more permissions for this turn", cwd, permissions };
  const answers = { yes: { permissions, scope: "turn" }, no: { permissions: {}, scope: "turn" } };
  return permission(asked, { name: "request_permissions", input }, answers);
}

function questionsAsked({ threadId, itemId, questions }: v.InferOutput<typeof QuestionsSchema>): CodexAsked {
  const shown = questions.map(({ question, header, options }) => ({
    question,
    ...definedOf({ header: header ?? undefined }),
    choices: (options ?? []).map(({ label, description }) => ({
      label,
      ...definedOf({ description: description ?? undefined }),
    })),
  }));
  const answered = (answers: readonly string[]) => ({
    answers: Object.fromEntries(questions.map(({ id }, index) => [id, { answers: [answers[index] ?? ""] }])),
  });
  return {
    threadId,
    hook: (subagent) => questionHook("request_user_input", shown, itemId, subagent),
    reply: (answer) => {
      if (answer.type === "answer") return answered(answer.answers);
      if (answer.type !== "forbid" && answer.type !== "deny") return undefined;
      // Codex has no way to refuse a question, so the reason of the refusal is the answer to each question.
      return answered(questions.map(() => answer.reason));
    },
    isWordless: false,
  };
}

function questionHook(
  name: string,
  questions: NonNullable<NonNullable<Hook["tool"]>["questions"]>,
  id: string | undefined,
  subagent: string | undefined,
): Hook {
  return {
    facts: {
      kind: "question",
      tool: shortFact(name),
      detail: shortFact(questions.map(({ question }) => question).join(" ")),
      ...definedOf({ tool_use_id: id && idFact(id), subagent: subagent && idFact(subagent) }),
    },
    tool: { name, input: { questions }, isOwn: false, questions },
    isSubagent: subagent !== undefined,
  };
}

const declined = { action: "decline", content: null, _meta: null };

function elicitationAsked(asked: v.InferOutput<typeof ElicitationSchema>): CodexAsked | undefined {
  const { threadId, serverName, message, requestedSchema, _meta: meta } = asked;
  if (meta?.codex_approval_kind === "mcp_tool_call") {
    const name = mcpToolName(serverName, meta.tool_name ?? "");
    const input = { ...(meta.tool_params as object) };
    const answers = { yes: { action: "accept", content: {}, _meta: null }, no: declined };
    return permission({ threadId, itemId: undefined }, { name, input }, answers);
  }
  if (!isForm(requestedSchema)) return undefined;
  const questions = formQuestions(message, requestedSchema);
  const contentOf = ({ answers }: { readonly answers: readonly string[] }) =>
    formReply(requestedSchema, answers);
  return {
    threadId,
    hook: (subagent) => questionHook(mcpToolName(serverName, "elicitation"), questions, undefined, subagent),
    reply: (answer) => {
      if (answer.type === "forbid" || answer.type === "deny") return declined;
      if (answer.type !== "answer") return undefined;
      const content = contentOf(answer);
      return content === undefined ? declined : { action: "accept", content, _meta: null };
    },
    misfit: (answer) =>
      answer.type === "answer" && contentOf(answer) === undefined
        ? `the answers do not fit the form: ${answer.answers.join(", ")}`
        : undefined,
    isWordless: true,
  };
}
