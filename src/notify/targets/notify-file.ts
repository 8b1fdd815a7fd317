// Reads `notify.json` of the data directory: the targets of notifications, by name, and the user's own templates. Each is checked by itself, so one
// mistake leaves the others usable. It may hold secrets.
import { join } from "node:path";
import * as v from "valibot";
import { type NoticeKind, noticeKinds } from "../../domain/notices/notice.ts";
import { requestKinds } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { describeIssue } from "../../domain/text/schema-issue.ts";
import { textRecord, textSetting, wholeNumber } from "../../domain/text/setting-schemas.ts";
import { checkEntries, objectMessage, parseObject } from "../parse-entries.ts";
import type { ReadEntries } from "../recipients-file.ts";
import { QuietSchema, quietEntries } from "./quiet-hours.ts";
import {
  standardTemplates,
  type Template,
  TemplateSchema,
  templateEntries,
  withValues,
} from "./templates.ts";

export const notifyFileName = "notify.json";

const standardKinds: NoticeKind[] = ["needs_you", "stuck", "error", "all_done"];

const address = v.pipe(
  textSetting("an address"),
  v.check(isHttpAddress, "must be an address that begins with https:// or http://"),
);

const kinds = v.optional(
  v.pipe(
    v.array(
      v.picklist(noticeKinds, `must be one of ${noticeKinds.join(", ")}`),
      "must be a list of kinds of notices",
    ),
    v.minLength(1, "must name at least one kind of notice"),
  ),
  standardKinds,
);

/** What becomes of a notice while a person has a page of the dashboard in front of them. */
const inFront = v.optional(v.picklist(["hold", "tell"], "must be hold or tell"), "hold");

const targetEntries = {
  url: v.optional(address),
  secret: v.optional(textSetting("text")),
  headers: v.optional(textRecord("headers")),
  template: v.optional(textSetting("the name of a template")),
  values: v.optional(textRecord("values of the template"), {}),
  desktop: v.optional(v.literal(true, "must be true")),
  on: kinds,
  answer_links: v.optional(
    v.array(
      v.picklist(requestKinds, `must be one of ${requestKinds.join(", ")}`),
      "must be a list of kinds of requests",
    ),
    [],
  ),
  in_front: inFront,
  quiet: v.optional(QuietSchema),
  every_s: v.optional(wholeNumber(0, 3_600), 10),
  timeout_s: v.optional(wholeNumber(1, 120), 10),
};
const TargetSchema = v.strictObject(targetEntries, "must be an object");
type TargetSettings = v.InferOutput<typeof TargetSchema> & { readonly name: string };

/** How a target is told over HTTP. */
export interface HttpWay {
  readonly url: string;
  readonly secret?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Without it, the body is cliai's own. */
  readonly template?: Pick<Template, "body" | "escape"> | undefined;
  /** What must not be shown, besides what is in the address. */
  readonly hidden: readonly string[];
}

export interface Target
  extends Pick<
    TargetSettings,
    "name" | "on" | "answer_links" | "in_front" | "quiet" | "every_s" | "timeout_s"
  > {
  readonly way: HttpWay | "desktop";
}

const pushEntries = {
  on: kinds,
  in_front: inFront,
  quiet: v.optional(QuietSchema),
  every_s: v.optional(wholeNumber(0, 3_600), 10),
  services: v.optional(
    v.array(
      v.pipe(
        textSetting("an address"),
        v.check(isHttpsOrigin, "must be an origin such as https://push.example.org"),
      ),
      "must be a list of addresses",
    ),
    [],
  ),
  contact: v.optional(
    v.pipe(
      textSetting("an address"),
      v.regex(
        /^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/,
        "must be an address that begins with mailto: or https://",
      ),
    ),
  ),
};
const PushSchema = v.strictObject(pushEntries, objectMessage);
/** How the browsers are told that take push messages. */
export type PushSettings = v.InferOutput<typeof PushSchema>;
export const standardPush: PushSettings = v.parse(PushSchema, {});

const fileEntries = {
  $schema: v.optional(v.string()),
  page_url: v.optional(address),
  push: v.optional(PushSchema, {}),
  targets: v.optional(v.record(v.string(), v.unknown(), "must be an object of targets"), {}),
  templates: v.optional(v.record(v.string(), v.unknown(), "must be an object of templates"), {}),
};
const FileSchema = v.strictObject(fileEntries, "must be a JSON object");

export interface NotifyFile extends ReadEntries<Target> {
  /** Where people reach the dashboard, without a slash at the end; undefined if the file does not say. */
  readonly pageUrl?: string | undefined;
  /** Undefined if the file cannot be used. */
  readonly push?: PushSettings | undefined;
}

export function notifyPath(dataDir: string): string {
  return join(dataDir, notifyFileName);
}

/** Never throws: what is wrong is in `problems`. */
export function parseNotifyFile(source: string, path: string): NotifyFile {
  const { object, problem } = parseObject(source, path);
  if (object === undefined) return broken(problem as CliaiError);
  const read = v.safeParse(FileSchema, object);
  if (!read.success) {
    const knownKeys = (parents: readonly string[]) =>
      Object.keys(entriesBelow[parents.at(-1) ?? ""] ?? fileEntries);
    return broken(describeIssue(read.issues[0], { name: path, isSecret: true, knownKeys }));
  }
  const { targets, templates, page_url, push } = read.output;
  const own = checkEntries(templates, {
    ...{ path, at: ["templates"], isSecret: true, schema: TemplateSchema },
    keysAt: () => Object.keys(templateEntries),
  });
  const known = new Map([
    ...standardTemplates,
    ...own.entries.map(({ name, ...each }) => [name, each] as const),
  ]);
  const keysAt = (parents: readonly string[]) =>
    Object.keys(parents.at(-1) === "quiet" ? quietEntries : targetEntries);
  const place = { path, at: ["targets"], isSecret: true, schema: TargetSchema, keysAt };
  const checked = checkEntries(targets, place);
  const problems = new Map([...templateProblems(own.problems), ...checked.problems]);
  const entries = checked.entries.flatMap((settings) => {
    const target = resolveTarget(settings, known, path);
    if (!(target instanceof CliaiError)) return [target];
    problems.set(settings.name, target);
    return [];
  });
  return { entries, problems, pageUrl: page_url?.replace(/\/+$/, ""), push };
}

const entriesBelow: Readonly<Record<string, object>> = { push: pushEntries, quiet: quietEntries };

function broken(problem: CliaiError): NotifyFile {
  return { entries: [], problems: new Map([[notifyFileName, problem]]) };
}

/** Under a name of its own, because a target may have the template's name. */
function templateProblems(problems: ReadonlyMap<string, CliaiError>): [string, CliaiError][] {
  return [...problems].map(([name, problem]) => [`template ${name}`, problem]);
}

/** @param known the templates */
function resolveTarget(
  settings: TargetSettings,
  known: ReadonlyMap<string, Template>,
  path: string,
): Target | CliaiError {
  const { name, on, answer_links, in_front, quiet, every_s, timeout_s } = settings;
  const wrong = (what: string, hint: string) =>
    new CliaiError("config_invalid", `${path}: "targets.${name}" ${what}`, { hint });
  const target = { name, on, answer_links, in_front, quiet, every_s, timeout_s };
  const { desktop, template, url: ownUrl, secret, headers, values } = settings;
  if (desktop === true && answer_links.length > 0)
    return wrong("has answer_links besides desktop", "the desktop shows no links: use url or template");
  if (desktop === true) {
    const isOnly = template === undefined && ownUrl === undefined;
    return isOnly
      ? { ...target, way: "desktop" }
      : wrong("has desktop besides url or template", "make two targets of it");
  }
  const http = { secret, hidden: [...Object.values(values), ...Object.values(headers ?? {})] };
  if (template === undefined) {
    if (ownUrl === undefined) return wrong("says not how to tell it", "it needs url, template or desktop");
    return { ...target, way: { ...http, url: ownUrl, headers: headers ?? {} } };
  }
  const found = known.get(template);
  if (found === undefined) {
    const hint = didYouMean(template, known.keys()) ?? `the templates are ${[...known.keys()].join(", ")}`;
    return wrong(`names a template that there is not: ${JSON.stringify(template)}`, hint);
  }
  const filled = withValues(found, values);
  if (filled.missing.length > 0) {
    return wrong(
      `lacks what the template ${template} needs`,
      `"values": {"${filled.missing.join('": …, "')}": …}`,
    );
  }
  const url = ownUrl ?? filled.url;
  if (url === undefined || !isHttpAddress(url))
    return wrong("has no address", `the template ${template} needs url`);
  const { body, escape: escapes } = filled;
  return {
    ...target,
    way: { ...http, url, headers: { ...filled.headers, ...headers }, template: { body, escape: escapes } },
  };
}

function isHttpAddress(text: string): boolean {
  const { protocol } = URL.parse(text) ?? {};
  return protocol === "https:" || protocol === "http:";
}

function isHttpsOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.origin === text;
}
