// Every decoder of text from outside: whatever comes, it gives a value of its type or one CliaiError of one line.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { fillTemplate } from "../../src/agents/mcp-config.ts";
import { readHttpToken } from "../../src/cli/http-token.ts";
import { readServeFile, serveFilePath } from "../../src/cli/serve-file.ts";
import { parseConfig, resolveServeSettings } from "../../src/config.ts";
import { isAgentId } from "../../src/domain/agent-id.ts";
import { parseJson } from "../../src/domain/decode.ts";
import { CliaiError } from "../../src/domain/errors.ts";
import { agentSubject, parseAgentSubject, parseToolCallSubject } from "../../src/domain/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/bus.ts";
import { checkProof } from "../../src/web/proofs.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.string());
const nasty = fc.constantFrom(
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
  '"\\ud800"',
  "\u0000",
  "\ufeff{}",
  "1e999",
  `"${"x".repeat(100_000)}"`,
);
const anyText = fc.oneof(text, nasty);

/** Runs it; a CliaiError of one line is an answer like any other. */
async function answers<T>(run: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    expect(error).toBeInstanceOf(CliaiError);
    expect((error as CliaiError).message).not.toContain("\n");
    return undefined;
  } finally {
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  }
}

test("parseJson()", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, bytes), async (data) => {
      await answers(() => parseJson(data));
    }),
    { numRuns: 500 },
  );
});

describe("parseConfig()", () => {
  test("on any text", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (source) => {
        await answers(() => parseConfig(source, "f.json"));
      }),
      { numRuns: 500 },
    );
  });

  test("on any values under the keys there are", async () => {
    const values = fc.record(
      {
        serve: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.constantFrom("port", "host", "insecure", "tls_cert", "x"), fc.jsonValue()),
        ),
        agents: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.string(), fc.dictionary(fc.constantFrom("cli", "role", "prompt"), fc.jsonValue())),
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const config = await answers(() => parseConfig(JSON.stringify(value), "f.json"));
        if (config !== undefined) expect(typeof config.serve).toBe("object");
      }),
      { numRuns: 500 },
    );
  });
});

test("resolveServeSettings() on any flags and variables", async () => {
  const flags = fc.dictionary(
    fc.constantFrom("port", "host", "insecure", "nats-creds", "replicas"),
    fc.oneof(fc.string(), fc.boolean()),
  );
  const env = fc.dictionary(
    fc.constantFrom("CLIAI_PORT", "CLIAI_HOST", "CLIAI_INSECURE", "CLIAI_NATS_URL"),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(flags, env, async (given, variables) => {
      const settings = await answers(() =>
        resolveServeSettings({ flags: given, env: variables }, { serve: {} }),
      );
      if (settings === undefined) return;
      expect(settings.port).toBeGreaterThanOrEqual(0);
      expect(settings.port).toBeLessThanOrEqual(65_535);
    }),
    { numRuns: 500 },
  );
});

test("the parsers of subjects name an agent only where there is one, and nothing else reads as another's", () => {
  const token = fc.oneof(
    fc.constantFrom("agent", "tools", "call", "ada", "*", ">", "command", "heartbeat", ""),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 6 }).map((tokens) => tokens.join(".")),
      (subject) => {
        const about = parseAgentSubject(subject);
        if (about !== undefined) {
          expect(isAgentId(about.id)).toBe(true);
          expect(agentSubject(about.id, about.topic)).toBe(subject);
        }
        const caller = parseToolCallSubject(subject);
        if (caller !== undefined) expect(`tools.call.${caller}`).toBe(subject);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("serve.json and the HTTP token's file", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("keys"));
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, bytes), async (data) => {
      await writeFile(serveFilePath(dir.path), data);
      await answers(() => readServeFile(dir.path));
      await writeFile(dir.join("keys/http-token"), data);
      const token = await answers(() => readHttpToken(dir.join("keys/http-token")));
      if (token !== undefined) expect(token).toMatch(/^[\x21-\x7e]{32,512}$/);
    }),
    { numRuns: 200 },
  );
});

test("a credentials file", async () => {
  await using dir = await tempDir();
  const parts = fc.constantFrom(
    "-----BEGIN NATS USER JWT-----\n",
    "------END NATS USER JWT------\n",
    "-----BEGIN USER NKEY SEED-----\n",
    "------END USER NKEY SEED------\n",
    "eyJhbGciOiJub25lIn0.e30.x\n",
    `SU${"A".repeat(56)}\n`,
  );
  const file = fc.oneof(
    anyText,
    bytes,
    fc.array(parts, { maxLength: 6 }).map((all) => all.join("")),
  );
  await fc.assert(
    fc.asyncProperty(file, async (data) => {
      await writeFile(dir.join("a.creds"), data);
      // Nobody listens on port 1: it is the file that is refused, or the connection.
      const bus = await answers(() =>
        connectBus({
          url: "nats://127.0.0.1:1",
          name: "t",
          credsPath: dir.join("a.creds"),
          log: silentLogger,
        }),
      );
      expect(bus).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

test("a session or login code", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.stringMatching(/^\d{9}\.[\w-]{22}\.[\w-]{43}$/)), (proof) => {
      expect(checkProof("a-token", "session", proof, new Date(0))).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("the template of an agent's configuration holds any value in its place", () => {
  const template = {
    mcpServers: {
      cliai: { command: "{{command}}", args: ["{{args}}", "bridge"], env: { A: "{{project_path}}" } },
    },
  };
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.string()),
      fc.string({ unit: "binary" }),
      (command, args, project) => {
        const values = {
          command,
          args,
          agent_id: "ada",
          nats_url: "u",
          config_name: "c",
          project_path: project,
          role: "agent",
        };
        const filled = fillTemplate(template, values as Parameters<typeof fillTemplate>[1]);
        expect(filled).toEqual({
          mcpServers: { cliai: { command, args: [...args, "bridge"], env: { A: project } } },
        });
      },
    ),
  );
});
