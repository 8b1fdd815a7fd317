// The templates: how a service wants to be told, as data. Those that travel inside are `configs/notify-templates.json`; `templates` in
// `notify.json` has the same form, and wins.
import * as v from "valibot";
import standard from "../../../configs/notify-templates.json" with { type: "json" };
import { type Fields, fillTemplate, placeholdersIn } from "../../domain/notices/fill-template.ts";
import { noticeKinds } from "../../domain/notices/notice.ts";
import { type Notices, wordsOf } from "../../domain/notices/notices-words.ts";
import { textRecord, textSetting } from "../../domain/text/setting-schemas.ts";
import { objectMessage } from "../parse-entries.ts";

export const templateEntries = {
  url: v.optional(textSetting("an address")),
  headers: v.optional(textRecord("headers")),
  escape: v.optional(textRecord("characters, each with what stands for it")),
  body: v.looseObject({}, "must be a JSON object"),
};
export const TemplateSchema = v.strictObject(templateEntries, objectMessage);
export type Template = v.InferOutput<typeof TemplateSchema>;

export const standardTemplates: ReadonlyMap<string, Template> = new Map(
  Object.entries(v.parse(v.record(v.string(), TemplateSchema), standard)),
);

/** The placeholders of each template that cliai fills. All others are values of the target. */
export const ownFields = ["id", "title", "text", "link", "count", "kind"] as const;

export interface FieldsPlace {
  readonly id: string;
  readonly pageUrl: string;
  /** Where the recipient may answer the only notice; default: its link shows a page. */
  readonly answerPath?: string | undefined;
}

export function fieldsOf(notices: Notices, { id, pageUrl, answerPath }: FieldsPlace): Fields {
  const { title, text, path } = wordsOf(notices);
  const kinds = new Set(notices.map(({ kind }) => kind));
  // The first of the list is the most urgent.
  const kind = noticeKinds.find((each) => kinds.has(each)) ?? notices[0].kind;
  return { id, title, text, link: `${pageUrl}${answerPath ?? path}`, count: String(notices.length), kind };
}

export interface FilledTemplate extends Omit<Template, "url"> {
  readonly url: string | undefined;
  /** The names of the values that the target lacks. */
  readonly missing: readonly string[];
}

/** Fills in the values of a target. A value in the address is encoded, but for `:`, which tokens have. */
export function withValues(
  { url, headers, escape: escapes, body }: Template,
  values: Fields,
): FilledTemplate {
  const own = new Set<string>(ownFields);
  const needed = new Set([...placeholdersIn(url), ...placeholdersIn(headers), ...placeholdersIn(body)]);
  const encoded = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, encodeURIComponent(value).replaceAll("%3A", ":")]),
  );
  return {
    url: url === undefined ? undefined : String(fillTemplate(url, encoded)),
    ...(headers === undefined ? {} : { headers: fillTemplate(headers, values) as Fields }),
    ...(escapes === undefined ? {} : { escape: escapes }),
    body: fillTemplate(body, values) as Template["body"],
    missing: [...needed].filter((name) => !own.has(name) && !Object.hasOwn(values, name)),
  };
}
