// Holds the map in docs/contributing.md to what the folders say of themselves, docs/architecture.md to the subjects, streams and buckets,
// and the links of all docs to what is there.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { printMap, readRooms, roomLine } from "../.ci/map.ts";
import * as wire from "../src/domain/wire/subjects.ts";

const root = join(import.meta.dirname, "..");
const contributing = readFileSync(join(root, "docs", "contributing.md"), "utf8");

describe("the map", () => {
  test("one file of each folder says what the folder is, by a header that begins with `// This room`", () => {
    const rooms = readRooms();
    expect(rooms.length).toBeGreaterThan(30);
    const wrong = rooms.filter(({ lines }) => lines.length !== 1);
    expect(wrong.map(({ folder, lines }) => `${folder} has ${lines.length}`)).toEqual([]);
  });

  test("docs/contributing.md has it as `bun .ci/map.ts` prints it", () => {
    expect(contributing).toContain(`\n\n${printMap(readRooms())}\n\n`);
  });

  test("every file that docs/contributing.md names is there", () => {
    const named = [...contributing.matchAll(/`((?:src|tests|docs|configs|\.ci)\/[\w./-]+?\.\w+)`/g)];
    expect(named.length).toBeGreaterThan(40);
    expect(named.map(([, path = ""]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("every name that a step gives beside a file is made in that file", () => {
    const steps = [...contributing.matchAll(/`([\w]+)` in `(src\/[\w./-]+)`/g)];
    expect(steps.length).toBeGreaterThan(20);
    // A declaration, or a method: `shut(…) {`, `quiet: () =>`. A file that only imports the name is the wrong one.
    const isMadeIn = (name: string, source: string) =>
      new RegExp(`(function\\*?|const|let|class|interface|type) ${name}\\b`).test(source) ||
      new RegExp(`^ *(async )?${name}(\\(.*\\{|: |,$)`, "m").test(source);
    const missing = steps.filter(
      ([, name = "", path = ""]) => !isMadeIn(name, readFileSync(join(root, path), "utf8")),
    );
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  const architecture = readFileSync(join(root, "docs", "architecture.md"), "utf8");
  /** The first column of the table that has this heading. */
  const columnOf = (heading: string) => {
    const table = architecture.split(`\n| ${heading} |`)[1]?.split("\n\n")[0] ?? "";
    return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name).sort();
  };

  test("lists every subject", () => {
    const topics = [...wire.agentReportTopics, ...wire.agentOrderTopics, ...wire.agentRecordTopics];
    const others = Object.values(wire).filter((value) => typeof value === "string");
    const functions = [
      wire.auditToolSubject("*"),
      wire.auditGitSubject("*"),
      wire.auditMalformedSubject("*"),
      wire.toolResponseSubject("*"),
      wire.nodeSubject("*", "heartbeat"),
      wire.nodeSubject("*", "spawn"),
      wire.nodeSubject("*", "credentials"),
    ];
    const subjects = [...topics.map((topic) => wire.everyAgentSubject(topic)), ...others, ...functions]
      .filter((subject) => subject.includes(".") && subject !== wire.auditRecordSubjects)
      .map((subject) => subject.replace("*", "ID"));
    expect(columnOf("subject")).toEqual(subjects.sort());
  });

  test("lists every stream and every bucket, and its diagrams name no other subject", () => {
    expect(columnOf("stream")).toEqual(Object.values(wire.streams).sort());
    expect(columnOf("bucket")).toEqual(Object.values(wire.buckets).sort());
    const diagrams = [...architecture.matchAll(/```mermaid\n([\s\S]*?)```/g)]
      .map(([, text = ""]) => text)
      .join();
    expect(diagrams).toContain("agent.ada.command");
    const known = new Set(columnOf("subject").map((subject) => subject.replace("ID", "*")));
    const named = [
      ...diagrams.matchAll(/\b(?:agent|tools|audit|captain|dashboard|notice|serve)(?:\.[\w*]+)+/g),
    ];
    const unknown = named
      .map(([subject]) => subject.replace(/\b(ID|ada|bob)\b/, "*"))
      .filter((subject) => subject !== "agent.*.*" && !known.has(subject));
    expect(unknown).toEqual([]);
  });
});

describe("the links of the docs", () => {
  const pages = [
    "README.md",
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((path) =>
      join("docs", path),
    ),
  ].filter((path) => path.endsWith(".md"));
  /** Without the blocks of code, in which `#` begins a comment, and brackets are no link. */
  const textOf = (page: string) => readFileSync(join(root, page), "utf8").replace(/^```[\s\S]*?^```/gm, "");
  /** As GitHub makes them. A heading that stands twice gets a number, which no link of ours uses. */
  const anchorsOf = (page: string) =>
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  test("lead to pages, files and headings that are there", () => {
    const links = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        ([link, path = "", anchor]) => {
          const target = path === "" ? page : join(dirname(page), path);
          return { says: `${page} ${link}`, target, anchor };
        },
      ),
    );
    expect(links.filter(({ anchor }) => anchor !== undefined).length).toBeGreaterThan(80);
    const isBroken = ({ target, anchor }: { target: string; anchor: string | undefined }) =>
      !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    expect(links.filter(isBroken).map(({ says }) => says)).toEqual([]);
  });
});

describe("roomLine()", () => {
  test.each<[string, string | undefined]>([
    ["// This room is A.\n//\n// The file.\n", "is A."],
    ["// This room is A,\n// and B.\n//\n// The file.\n", "is A, and B."],
    ["/** @jsxImportSource hono/jsx */\n// This room is A.\nimport x;\n", "is A."],
    ["// The file.\n// This room is A.\n", undefined],
    ["export {};\n", undefined],
  ])("%j says %j", (source, line) => {
    expect(roomLine(source)).toBe(line as string);
  });
});
