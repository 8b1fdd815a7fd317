// Holds the house to its plan: who may import whom, where each package lives, no cycles, no strays.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

/** Room -> the rooms it may import beside itself. A file directly in src/ is a room of its own. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  main: ["cli", "direct-fetch"],
  cli: [
    ...["server", "bridge", "agents", "web", "nats", "bench", "config"],
    ...[
      "runtime",
      "build-info",
      "log",
      "direct-fetch",
      "domain",
      "audit",
      "host",
      "agent-link",
      "credentials",
      "data-dir",
    ],
  ],
  bench: ["server", "nats", "log", "direct-fetch", "domain"],
  web: ["domain", "log", "server (types)", "direct-fetch"],
  server: [
    ...["nats", "domain", "log", "audit", "cli", "bench", "web"],
    ...[
      "host",
      "bridge",
      "agents",
      "agent-link",
      "credentials",
      "data-dir",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  bridge: [
    ...["nats", "domain", "log", "direct-fetch", "agent-link", "cli", "bench"],
    ...[
      "web",
      "server",
      "audit",
      "host",
      "agents",
      "credentials",
      "data-dir",
      "config",
      "build-info",
      "runtime",
    ],
  ],
  agents: [
    ...["domain", "log", "runtime (types)", "agent-link (types)", "cli", "bench", "web"],
    ...[
      "server",
      "audit",
      "host",
      "bridge",
      "agent-link",
      "credentials",
      "data-dir",
      "nats",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  nats: ["domain", "log", "direct-fetch"],
  config: ["domain", "direct-fetch"],
  "build-info": ["nats (types)", "direct-fetch"],
  runtime: ["domain", "direct-fetch"],
  "direct-fetch": [],
  log: ["domain", "direct-fetch"],
  domain: [],
  audit: [
    ...["nats", "domain", "log", "cli", "bench", "web", "server"],
    ...[
      "host",
      "bridge",
      "agents",
      "agent-link",
      "credentials",
      "data-dir",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  host: [
    ...["agent-link", "agents (types)", "nats", "domain", "log", "cli", "bench"],
    ...[
      "web",
      "server",
      "audit",
      "bridge",
      "agents",
      "credentials",
      "data-dir",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  "agent-link": [
    ...["nats", "domain", "log", "cli", "bench", "web", "server"],
    ...[
      "audit",
      "host",
      "bridge",
      "agents",
      "credentials",
      "data-dir",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  credentials: [
    ...["data-dir", "nats", "domain", "log", "runtime (types)", "cli", "bench"],
    ...[
      "web",
      "server",
      "audit",
      "host",
      "bridge",
      "agents",
      "agent-link",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
  "data-dir": [
    ...["domain", "log", "runtime (types)", "cli", "bench", "web", "server"],
    ...[
      "audit",
      "host",
      "bridge",
      "agents",
      "agent-link",
      "credentials",
      "nats",
      "config",
      "build-info",
      "runtime",
      "direct-fetch",
    ],
  ],
};

/** Package -> the rooms that may import it. */
const homes: Readonly<Record<string, readonly string[]>> = {
  nats: ["nats", "bench"],
  "@nats-io/jwt": ["nats"],
  hono: ["web"],
  citty: ["cli", "audit", "agent-link", "host", "bridge", "server", "credentials", "data-dir"],
  "@modelcontextprotocol/server": [
    ...["bridge", "web", "bench", "audit", "agent-link", "host", "server"],
    ...["credentials", "data-dir", "cli"],
  ],
  "@valibot/to-json-schema": [
    ...["bridge", "web", "config", "bench", "audit", "agent-link", "host"],
    ...["server", "credentials", "data-dir", "cli"],
  ],
  "fastest-levenshtein": ["domain"],
  valibot: [
    ...["domain", "config", "web", "cli", "agents", "nats", "server"],
    ...["bridge", "bench", "audit", "agent-link", "host", "credentials", "data-dir"],
  ],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const importPattern =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(file: string): Import[] {
  return [...readFileSync(file, "utf8").matchAll(importPattern)].map(([, type, still, dynamic]) => ({
    from: file,
    specifier: still ?? dynamic ?? "",
    typeOnly: type !== undefined,
  }));
}

function roomOf(file: string): string {
  const [first = "", ...rest] = relative(src, file).split(/[\\/]/);
  return rest.length === 0 ? first.replace(/\.tsx?$/, "") : first;
}

const files = sourceFiles(src);
const imports = files.flatMap(importsOf);
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

  test("a package is imported only in its home", () => {
    const breaches = imports
      .filter(({ specifier }) => !/^(\.|node:|bun:)/.test(specifier))
      .filter(({ from, specifier }) => {
        const name = specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/");
        return !(homes[name] ?? []).includes(roomOf(from));
      })
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

  test("only cli/run.ts and main.ts touch the process's exit code", () => {
    const breaches = files.filter((file) => /process\.exit\b|process\.exitCode/.test(withoutComments(file)));
    expect(breaches.map(show).filter((file) => !/^src.(main\.ts|cli.(frame.)?run\.ts)$/.test(file))).toEqual(
      [],
    );
  });

  test("no file imports itself through others", () => {
    const edges = new Map<string, string[]>();
    for (const { from, specifier, typeOnly } of imports) {
      if (typeOnly || !specifier.startsWith(".")) continue;
      edges.set(from, [...(edges.get(from) ?? []), resolve(dirname(from), specifier)]);
    }
    expect(findCycle(edges)?.map(show)).toBeUndefined();
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
