// Holds the house to its plan: who may import whom, where each package lives, no cycles, no strays.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

/** Room -> the rooms it may import beside itself. A file directly in src/ is a room of its own. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  main: ["cli"],
  cli: [
    ...[
      "server",
      "notify",
      "telemetry",
      "agent-protocol",
      "audit",
      "backup",
      "search",
      "bridge",
      "host",
      "model-gate",
      "agent-link",
      "agents",
      "loop",
      "web",
    ],
    ...[
      "nats",
      "bench",
      "credentials",
      "data-dir",
      "config",
      "profiles",
      "runtime",
      "build-info",
      "log",
      "domain",
      "direct-fetch",
      "processes",
      "waiting",
      "worktrees",
      "changes",
    ],
  ],
  changes: ["worktrees", "data-dir", "processes", "domain", "log (types)", "runtime", "waiting"],
  worktrees: ["data-dir", "processes", "domain", "runtime", "waiting"],
  bench: ["server", "search", "model-gate", "nats", "log", "domain", "runtime", "direct-fetch", "waiting"],
  web: ["mcp", "domain", "log", "server (types)", "search (types)", "waiting", "same-secret"],
  server: ["audit", "nats", "domain", "log", "waiting"],
  audit: ["nats", "domain", "log", "waiting"],
  backup: ["data-dir", "nats", "domain"],
  notify: [...["server (types)", "nats", "processes", "domain", "log", "runtime", "direct-fetch", "waiting"]],
  telemetry: ["server (types)", "web (types)", "config", "domain", "log (types)", "direct-fetch", "waiting"],
  "agent-protocol": ["server (types)", "agent-link", "data-dir", "nats", "domain", "log", "waiting"],
  search: ["nats", "processes", "domain", "log", "runtime", "waiting"],
  host: ["agent-link", "agents (types)", "nats", "domain", "log", "waiting", "same-secret"],
  "model-gate": ["agent-link", "domain", "log", "runtime", "direct-fetch", "waiting"],
  bridge: ["mcp", "agent-link", "nats", "domain", "log", "direct-fetch", "waiting"],
  mcp: [],
  agents: ["agent-link (types)", "processes", "domain", "log", "runtime", "direct-fetch", "waiting"],
  loop: ["data-dir", "processes", "domain", "log", "runtime (types)", "direct-fetch", "waiting"],
  "agent-link": ["nats", "domain", "log", "waiting"],
  credentials: ["data-dir", "nats", "domain", "log", "runtime (types)", "waiting"],
  "data-dir": ["domain", "log", "runtime (types)", "direct-fetch", "waiting"],
  nats: ["processes", "domain", "log", "waiting"],
  processes: ["runtime", "waiting"],
  config: ["profiles", "domain"],
  profiles: ["agents", "data-dir", "domain"],
  "build-info": ["nats (types)"],
  runtime: ["domain"],
  log: ["domain"],
  domain: [],
  "direct-fetch": [],
  waiting: [],
  "same-secret": [],
};

/** Package -> the rooms that may import it. */
const homes: Readonly<Record<string, readonly string[]>> = {
  // In bench, the limits: the package with nothing of ours around it.
  nats: ["nats", "bench"],
  "@nats-io/jwt": ["nats"],
  "nkeys.js": ["nats"],
  hono: ["web"],
  "@opentelemetry/otlp-transformer": ["telemetry"],
  citty: ["cli"],
  "@agentclientprotocol/sdk": ["agents", "loop"],
  "@modelcontextprotocol/client": ["loop", "cli"],
  "@modelcontextprotocol/server": ["bridge", "web", "bench"],
  "@valibot/to-json-schema": ["mcp", "bench", "loop", "web"],
  "fastest-levenshtein": ["domain"],
  "@xterm/headless": ["agents"],
  "@xterm/xterm": ["web"],
  "eventsource-parser": ["agents", "loop"],
  marked: ["web"],
  diff: ["domain"],
  "highlight.js": ["web"],
  "modern-tar": ["backup"],
  uqr: ["cli"],
  "@block65/webcrypto-web-push": ["notify"],
  valibot: [
    ...["domain", "config", "profiles", "nats", "data-dir", "credentials", "agent-link", "agents", "backup"],
    ...[
      "bridge",
      "changes",
      "mcp",
      "host",
      "model-gate",
      "audit",
      "search",
      "loop",
      "server",
      "notify",
      "web",
      "bench",
      "cli",
    ],
  ],
};

/** Folders of tests by scenario: each test there runs several rooms at once. All other tests mirror src/. */
const scenarioFolders = [
  "build",
  "clis",
  "cluster",
  "deno",
  "e2e",
  "faults",
  "neighbours",
  "ollama",
  "security",
  "support",
  "together",
];

/** Tests directly in tests/ that have no source of their name, each with what it is about. */
const testsOfTheWhole: Readonly<Record<string, string>> = {
  "architecture.test.ts": "the whole of src/",
  "map.test.ts": "the map in docs/contributing.md",
  "protocol.test.ts": "docs/protocol.md, against src/domain/wire and a server",
};

const mostLinesOfAFunction = 100;

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly isDynamic: boolean;
}

function sourceFiles(dir: string, pattern = /\.tsx?$/): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const importPattern =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(file: string): Import[] {
  return [...readFileSync(file, "utf8").matchAll(importPattern)].map(([, type, still, dynamic]) => ({
    from: file,
    specifier: still ?? dynamic ?? "",
    typeOnly: type !== undefined,
    isDynamic: dynamic !== undefined,
  }));
}

function roomOf(file: string): string {
  const [first = "", ...rest] = relative(src, file).split(/[\\/]/);
  return rest.length === 0 ? first.replace(/\.tsx?$/, "") : first;
}

const files = sourceFiles(src);
const imports = files.flatMap(importsOf);
const packageImports = imports
  .filter(({ specifier }) => !/^(\.|node:|bun:)/.test(specifier))
  .map((each) => ({
    ...each,
    name: each.specifier
      .split("/")
      .slice(0, each.specifier.startsWith("@") ? 2 : 1)
      .join("/"),
  }));
const show = (file: string) => relative(root, file);

describe("architecture", () => {
  test("every room is in the plan", () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in mayImport))).toEqual([]);
  });

  test("a room imports only the rooms it may", () => {
    const breaches = imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map((edge) => ({ ...edge, to: resolve(dirname(edge.from), edge.specifier) }))
      .filter(({ to }) => to.startsWith(src))
      .filter(({ from, to, typeOnly }) => {
        const [own, other] = [roomOf(from), roomOf(to)];
        const allowed = mayImport[own] ?? [];
        return (
          own !== other && !allowed.includes(other) && !(typeOnly && allowed.includes(`${other} (types)`))
        );
      })
      .map(({ from, specifier }) => `${show(from)} imports ${specifier}`);
    expect(breaches).toEqual([]);
  });

  test("a bridge loads only what it needs itself: many of them run on one machine", () => {
    const loaded = new Set<string>();
    const load = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { specifier, typeOnly, isDynamic } of imports.filter(({ from }) => from === file))
        if (!typeOnly && !isDynamic && specifier.startsWith(".")) load(resolve(dirname(file), specifier));
    };
    load(join(src, "cli", "bridge.ts"));
    const rooms = new Set([...loaded].filter((file) => file.startsWith(src)).map(roomOf));
    const own = ["cli", "bridge", "mcp", "agent-link", "nats", "domain", "data-dir", "agents"];
    const files = ["runtime", "build-info", "direct-fetch", "waiting"];
    expect([...rooms].sort()).toEqual([...own, ...files].sort());
    expect([...loaded].filter((file) => roomOf(file) === "agents").map(show)).toEqual(
      ["mcp-server-facts.ts", "claude/claude-environment.ts"].map((file) => join("src", "agents", file)),
    );
    const packages = packageImports.filter(({ from, typeOnly }) => !typeOnly && loaded.has(from));
    const needed = ["nats", "valibot", "@valibot/to-json-schema", "@modelcontextprotocol/server", "citty"];
    expect([...new Set(packages.map(({ name }) => name))].sort()).toEqual(
      [...needed, "fastest-levenshtein", "nkeys.js"].sort(),
    );
  });

  test("a package is imported only in its home", () => {
    const breaches = packageImports
      .filter(({ from, name }) => !(homes[name] ?? []).includes(roomOf(from)))
      .map(({ from, specifier }) => `${show(from)} imports ${specifier}`);
    expect(breaches).toEqual([]);
  });

  test("the domain is pure: no clock, no randomness, no I/O", () => {
    const impure =
      /\bDate\.now\(|new Date\(\)|Math\.random\(|crypto\.|process\.|from "node:|\bfetch\(|setTimeout\(/;
    const breaches = files.filter(
      (file) => roomOf(file) === "domain" && impure.test(readFileSync(file, "utf8")),
    );
    expect(breaches.map(show)).toEqual([]);
  });

  test("only runtime.ts names Bun or Deno", () => {
    const breaches = files.filter(
      (file) => roomOf(file) !== "runtime" && /\b(Bun|Deno)\.|from "bun"/.test(withoutComments(file)),
    );
    expect(breaches.map(show)).toEqual([]);
  });

  test("only direct-fetch.ts asks over HTTP: every other way would go by the user's proxy", () => {
    const asking =
      /(?<![.\w])fetch\(|globalThis\.fetch|\bnew (WebSocket|EventSource|XMLHttpRequest)\b|from "node:(https?|http2)"/;
    const breaches = files.filter(
      (file) => roomOf(file) !== "direct-fetch" && asking.test(withoutComments(file)),
    );
    expect(breaches.map(show)).toEqual([]);
  });

  test("only waiting.ts waits for a time: every other file waits by it", () => {
    const waits = /\(resolve\) =>\s*setTimeout\(|node:timers\/promises/;
    const breaches = files.filter((file) => roomOf(file) !== "waiting" && waits.test(withoutComments(file)));
    expect(breaches.map(show)).toEqual([]);
  });

  test.each([
    ["compares secrets", /timingSafeEqual/, "same-secret.ts"],
    ["knows the names of loopback", /localhost|127\.0\.0\.1|"::1"/, "domain/wire/own-address.ts"],
    ["knows an address that means all", /0\.0\.0\.0/, "domain/wire/own-address.ts"],
    ["knows the operator's name", /env\.USER(NAME)?\b/, "cli/frame/context.ts"],
    ["parses seconds and durations", /number of seconds|\[smhdw\]/, "domain/text/moment.ts"],
    ["says how long something is", /`\$\{Math\.floor\(\w+ \/ 3_?600\)\} h/, "domain/text/moment.ts"],
    ["leaves out what is undefined", /function definedOf/, "domain/defined.ts"],
    ["knows how a status looks", /"◐"|"unplugged"/, "domain/fleet/status-look.ts"],
    ["lists the kinds of events", /"session_start", "prompt"/, "domain/wire/event-messages.ts"],
    ["decodes a shutdown", /ShutdownSchema,/, "domain/wire/decode-order.ts"],
  ])("one file %s", (_, words, home) => {
    const breaches = files.filter((file) => words.test(withoutComments(file)));
    expect(breaches.map((file) => relative(src, file).replaceAll("\\", "/"))).toEqual([home]);
  });

  test("no function stands in two files", () => {
    const places = new Map<string, string[]>();
    for (const file of files)
      for (const body of bodiesOf(withoutComments(file)))
        places.set(body, [...(places.get(body) ?? []), show(file)]);
    expect([...places.values()].filter((list) => list.length > 1)).toEqual([]);
  });

  test("a function is known again under another name", () => {
    const body = "(a: A): B {\n  return a;\n}\n";
    const [first, second] = bodiesOf(`export function f${body}\nasync function g${body}`);
    expect(first).toBe(second as string);
    expect(bodiesOf(`const f = (a: A) =>\n  g(a);\nfunction h${body}`)).toEqual([
      "(a: A) => g(a)",
      first as string,
    ]);
  });

  test("only cli/frame/run.ts and main.ts touch the process's exit code", () => {
    const breaches = files.filter((file) => /process\.exit\b|process\.exitCode/.test(withoutComments(file)));
    expect(breaches.map(show).filter((file) => !/^src.(main\.ts|cli.frame.run\.ts)$/.test(file))).toEqual([]);
  });

  test("no file imports itself through others, types included", () => {
    const edges = new Map<string, string[]>();
    for (const { from, specifier } of imports) {
      if (!specifier.startsWith(".")) continue;
      edges.set(from, [...(edges.get(from) ?? []), resolve(dirname(from), specifier)]);
    }
    expect(findCycle(edges)?.map(show)).toBeUndefined();
  });

  test("the rooms form no circle: who is imported by a room never imports it", () => {
    const edges = new Map(
      Object.entries(mayImport).map(([room, list]) => [
        room,
        list.map((other) => other.replace(" (types)", "")),
      ]),
    );
    expect(findCycle(edges)).toBeUndefined();
  });

  test("a folder has at most 16 source files", () => {
    const counts = new Map<string, number>();
    for (const file of sourceFiles(src, /\.(tsx?|js|css)$/))
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([, count]) => count > 16);
    expect(full.map(([folder, count]) => `${show(folder)} has ${count}`)).toEqual([]);
  });

  test("no function has more than 100 lines", () => {
    const long = files.filter((file) => longestFunction(readFileSync(file, "utf8")) > mostLinesOfAFunction);
    expect(long.map(show)).toEqual([]);
  });

  test("the length of a function is measured, whatever its form", () => {
    const body = "  a();\n".repeat(50);
    expect(longestFunction(`function f(\n  a: A,\n): B {\n${body}}\n`)).toBe(54);
    expect(longestFunction(`const f = async (a) => {\n${body}};\n`)).toBe(52);
    expect(longestFunction(`const o = {\n  async f() {\n${body}  },\n};\n`)).toBe(52);
    expect(longestFunction(`const list = [\n${body}];\nif (a) {\n${body}}\n`)).toBe(0);
  });

  test("a package's homes are those that import it: no permission that nobody uses", () => {
    const unused = Object.entries(homes).flatMap(([name, rooms]) =>
      rooms
        .filter((room) => !packageImports.some((each) => each.name === name && roomOf(each.from) === room))
        .map((room) => `${name} in ${room}`),
    );
    expect(unused).toEqual([]);
  });

  test("an agent CLI is named only in its own folder below agents/, and in the two lists of them", () => {
    const names = /claude|codex|opencode|qwen|copilot|gemini/i;
    const namers = files
      .filter((file) => !/^src.agents.([a-z-]+[\\/]|(agent-clis|mcp-server-facts)\.ts$)/.test(show(file)))
      .filter((file) => names.test(withoutComments(file)))
      .map((file) => relative(src, file).replaceAll("\\", "/"));
    expect(namers).toEqual([]);
  });

  test("a test mirrors its source: tests/ROOM/UNIT.test.ts tests src/ROOM/UNIT.ts, with no exception in a room", () => {
    const tests = join(root, "tests");
    const strays = sourceFiles(tests, /\.test\.tsx?$/)
      .map((file) => relative(tests, file).replaceAll("\\", "/"))
      .filter((path) => !scenarioFolders.includes(path.split("/")[0] ?? ""))
      .filter((path) => {
        const unit = join(src, path.replace(/\.test\.tsx?$/, ""));
        return !["ts", "tsx", "js"].some((ending) => existsSync(`${unit}.${ending}`));
      });
    expect(strays.sort()).toEqual(Object.keys(testsOfTheWhole).sort());
  });

  test("no folder of scenarios has the name of a room, whose tests would then mirror nothing", () => {
    expect(scenarioFolders.filter((folder) => existsSync(join(src, folder)))).toEqual([]);
  });

  test("no test sleeps: it awaits what is to happen, and looks at what must not for a time whose reason is said", () => {
    const tests = join(root, "tests");
    const sleepers = sourceFiles(tests, /\.tsx?$/)
      .filter((file) => /\bBun\.sleep\(/.test(withoutComments(file)))
      .map((file) => relative(tests, file).replaceAll("\\", "/"));
    // A serve that is held up for a while, and one that is left alone: there the time itself is what is tried.
    expect(sleepers).toEqual(["e2e/under-load.test.ts"]);
  });

  test("names: kebab-case files, no barrels, no default exports, explicit extensions", () => {
    const odd = files.filter(
      (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.tsx?$/.test(file.split(/[\\/]/).at(-1) ?? ""),
    );
    const barrels = files.filter((file) => /(^|[\\/])(index|utils|helpers|types|common)\.tsx?$/.test(file));
    const defaults = files.filter((file) => /^export default/m.test(readFileSync(file, "utf8")));
    const bare = imports.filter(({ specifier }) => specifier.startsWith(".") && !/\.\w+$/.test(specifier));
    expect([...odd, ...barrels, ...defaults].map(show)).toEqual([]);
    expect(bare).toEqual([]);
  });
});

/**
 * The lines of the longest function of a source that is formatted as ours: it ends at the first line that closes a brace at the
 * indent of its first. TypeScript 7 has no parser for programs, and the formatter makes this exact.
 */
function longestFunction(source: string): number {
  const lines = source.split("\n");
  const indentOf = (line: string) => line.length - line.trimStart().length;
  const lengths = lines.map((line, first) => {
    if (!opensFunction.test(line)) return 0;
    const indent = indentOf(line);
    const end = lines.findIndex(
      (each, at) => at > first && indentOf(each) === indent && /^\s*\}/.test(each) && !/[{(]$/.test(each),
    );
    return end === -1 ? 0 : end - first + 1;
  });
  return Math.max(0, ...lengths);
}
const opensFunction =
  /^(?!\s*(if|for|while|switch|catch|return|\}|\)))(.*\bfunction\b.*[({]$|.*=> \{$|.*(=|:) (async )?\($|\s*(async |static |get |set |override |private )*[\w#*]+(<.*>)?\(.*\{$)/;

/** The functions of a source that is formatted as ours, each from its parameters on, on one line. */
function bodiesOf(source: string): string[] {
  const functions = /^(?:export )?(?:async )?function \w+([\s\S]*?\n\})\n/gm;
  const arrows = /^(?:export )?const \w+ = ((?:async )?\([^;]*?=>[\s\S]*?);\n(?=\S|\n)/gm;
  const found = [...source.matchAll(arrows), ...source.matchAll(functions)];
  return found.map(([, body = ""]) => body.replace(/\s+/g, " "));
}

function withoutComments(file: string): string {
  return readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = walk(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = walk(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
