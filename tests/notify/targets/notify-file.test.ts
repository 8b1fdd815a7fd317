import { describe, expect, test } from "bun:test";
import { parseNotifyFile } from "../../../src/notify/targets/notify-file.ts";

const url = "https://hooks.example.org/x";
const parse = (file: unknown) => {
  const { entries, problems, pageUrl } = parseNotifyFile(JSON.stringify(file), "notify.json");
  return {
    entries,
    pageUrl,
    problems: [...problems].map(([name, { message, hint }]) => [name, message, hint]),
  };
};

describe("parseNotifyFile()", () => {
  test("reads the targets by name, and where people reach the dashboard", () => {
    const { entries, pageUrl, problems } = parse({
      page_url: "https://fleet.example.org/",
      targets: { ops: { url } },
    });
    expect(problems).toEqual([]);
    expect(pageUrl).toBe("https://fleet.example.org");
    expect(entries).toMatchObject([
      {
        name: "ops",
        way: { url, headers: {} },
        on: ["needs_you", "stuck", "error", "all_done"],
        answer_links: [],
        every_s: 10,
        timeout_s: 10,
      },
    ]);
  });

  test.each<[string, object, readonly [string, string]]>([
    [
      "an unknown key",
      { url, evry_s: 1 },
      ['notify.json: unknown key "targets.a.evry_s"', "did you mean every_s?"],
    ],
    [
      "another scheme",
      { url: "ftp://x" },
      [
        'notify.json: "targets.a.url" must be an address that begins with https:// or http://',
        "correct it in notify.json",
      ],
    ],
    [
      "wrong quiet hours",
      { url, quiet: { from: "22:00", to: "07:00", until: "7" } },
      ['notify.json: unknown key "targets.a.quiet.until"', "the keys are from, to, time_zone"],
    ],
    [
      "an unknown kind",
      { url, on: ["x"] },
      [
        'notify.json: "targets.a.on.0" must be one of needs_you, limit, budget, stuck, error, done, all_done, alert',
        "correct it in notify.json",
      ],
    ],
    [
      "links that answer an unknown kind",
      { url, answer_links: ["x"] },
      [
        'notify.json: "targets.a.answer_links.0" must be one of question, stop_approval, permission, budget',
        "correct it in notify.json",
      ],
    ],
    [
      "links that answer on the desktop",
      { desktop: true, answer_links: ["question"] },
      [
        'notify.json: "targets.a" has answer_links besides desktop',
        "the desktop shows no links: use url or template",
      ],
    ],
  ])("refuses %s in words, and keeps the other targets", (_, a, problem) => {
    const { entries, problems } = parse({ targets: { a, b: { url } } });
    expect(problems).toEqual([["a", ...problem]]);
    expect(entries.map(({ name }) => name)).toEqual(["b"]);
  });

  test("refuses a file with an unknown key", () => {
    expect(parse({ target: {} }).problems).toEqual([
      ["notify.json", 'notify.json: unknown key "target"', "did you mean targets?"],
    ]);
  });
});
