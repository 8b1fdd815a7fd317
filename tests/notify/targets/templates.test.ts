// The templates that travel inside, each filled as it would be sent.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { escapeFields, fillTemplate } from "../../../src/domain/notices/fill-template.ts";
import type { Notice } from "../../../src/domain/notices/notice.ts";
import { parseNotifyFile } from "../../../src/notify/targets/notify-file.ts";
import { fieldsOf, standardTemplates, withValues } from "../../../src/notify/targets/templates.ts";

const notice: Notice = {
  ...{ notice_id: "ada_question_r1", kind: "needs_you", at: "2026-01-01T00:00:00.000Z", title: "ada asks" },
  ...{ text: 'Delete "all" of <!channel> & *x*?', path: "/agents/ada#request-r1" },
};
const values = { topic: "my-topic", token: "123:AB/C", chat_id: "-42" };

function sent(name: string): { url: string | undefined; body: unknown } {
  const template = standardTemplates.get(name);
  if (template === undefined) throw new Error(`no template ${name}`);
  const { url, body, escape: escapes = {}, missing } = withValues(template, values);
  expect(missing).toEqual([]);
  const fields = fieldsOf([notice], { id: "ada_question_r1", pageUrl: "https://f.example" });
  return { url, body: fillTemplate(body, escapeFields(fields, escapes)) };
}

describe("standardTemplates", () => {
  test("are those that docs/notifications.md names", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/notifications.md"), "utf8");
    const named = [...page.matchAll(/^\| `(\w+)` \| .*\| .* \|$/gm)].map(([, name = ""]) => name);
    for (const name of standardTemplates.keys()) expect(named).toContain(name);
  });

  const [title, text, link] = ["ada asks", notice.text, "https://f.example/agents/ada#request-r1"];

  test("ntfy", () => {
    const body = { topic: "my-topic", title, message: text, click: link, tags: ["robot"] };
    expect(sent("ntfy")).toEqual({ url: "https://ntfy.sh/", body });
  });

  test("slack: no text of an agent is a mention or a link", () => {
    expect(sent("slack").body).toEqual({
      text: `*ada asks*\nDelete "all" of &lt;!channel&gt; &amp; *x*?\n<${link}|Open it in cliai>`,
    });
  });

  test("the link of a recipient that may answer leads where it answers", () => {
    const answerPath = "/answer?by=a&request=r1&code=c";
    const place = { id: "1", pageUrl: "https://f.example", answerPath };
    expect(fieldsOf([notice], place).link).toBe(`https://f.example${answerPath}`);
  });

  test("discord: no text of an agent mentions anybody", () => {
    expect(sent("discord").body).toEqual({
      content: `**ada asks**\n${text}\n<${link}>`,
      allowed_mentions: { parse: [] },
    });
  });

  test("telegram: the token stands in the address, encoded", () => {
    expect(sent("telegram")).toEqual({
      url: "https://api.telegram.org/bot123:AB%2FC/sendMessage",
      body: {
        chat_id: "-42",
        text: `${title}\n${text}\n${link}`,
        link_preview_options: { is_disabled: true },
      },
    });
  });

  test("teams: an adaptive card without markup", () => {
    const { body } = sent("teams");
    expect(JSON.stringify(body)).toContain(JSON.stringify(text));
    expect(body).toMatchObject({
      type: "message",
      attachments: [{ contentType: "application/vnd.microsoft.card.adaptive" }],
    });
  });
});

describe("parseNotifyFile(), with templates", () => {
  const parse = (file: object) => parseNotifyFile(JSON.stringify(file), "n.json");
  const problemsOf = (file: object) =>
    [...parse(file).problems].map(([name, { message, hint }]) => [name, message, hint].join("; "));

  test("fills the values of a target, and prefers the user's own template and address", () => {
    const templates = {
      ntfy: { url: "https://mine.example/{topic}", headers: { a: "{topic}" }, body: { m: "{text}" } },
    };
    const { entries, problems } = parse({
      templates,
      targets: { p: { template: "ntfy", values: { topic: "t" } } },
    });
    expect([...problems]).toEqual([]);
    expect(entries[0]?.way).toMatchObject({
      ...{ url: "https://mine.example/t", headers: { a: "t" }, hidden: ["t"] },
      template: { body: { m: "{text}" } },
    });
    const own = parse({ targets: { p: { template: "ntfy", values: { topic: "t" }, url: "http://h/x" } } });
    expect(own.entries[0]?.way).toMatchObject({ url: "http://h/x" });
  });

  test.each<[string, object, string]>([
    [
      "a value that lacks",
      { template: "telegram", values: { token: "x" } },
      'n.json: "targets.a" lacks what the template telegram needs; "values": {"chat_id": …}',
    ],
    [
      "an unknown template",
      { template: "slak" },
      'n.json: "targets.a" names a template that there is not: "slak"; did you mean slack?',
    ],
    ["no address", { template: "slack" }, 'n.json: "targets.a" has no address; the template slack needs url'],
    ["no way at all", {}, 'n.json: "targets.a" says not how to tell it; it needs url, template or desktop'],
    [
      "two ways",
      { desktop: true, url: "http://x" },
      'n.json: "targets.a" has desktop besides url or template; make two targets of it',
    ],
  ])("refuses %s", (_, a, problem) => {
    expect(problemsOf({ targets: { a } })).toEqual([`a; ${problem}`]);
  });

  test("a wrong template is told, without its texts", () => {
    expect(problemsOf({ templates: { x: { body: "s3cret" } } })).toEqual([
      'template x; n.json: "templates.x.body" must be a JSON object; correct it in n.json',
    ]);
  });
});
