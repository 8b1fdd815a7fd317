// Every decoder of text from outside: whatever comes, it gives a value of its type or one CliaiError of one line.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { readOrder } from "../../src/agent-link/read-order.ts";
import { readClaudeHook } from "../../src/agents/claude/claude-hooks.ts";
import { fillTemplate } from "../../src/agents/mcp-config.ts";
import { openFileSource } from "../../src/audit/export-file.ts";
import { isIntact } from "../../src/audit/signing.ts";
import { parseConfig, resolveServeSettings } from "../../src/config/config.ts";
import { readGrants } from "../../src/credentials/agent-grants.ts";
import { readHttpToken } from "../../src/data-dir/http-token.ts";
import { readServeFile, serveFilePath } from "../../src/data-dir/serve-file.ts";
import { isServed } from "../../src/data-dir/serve-lock.ts";
import { CheckpointSchema } from "../../src/domain/audit/audit.ts";
import { viewAgent } from "../../src/domain/fleet/agent-view.ts";
import { reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { isStoredRecord } from "../../src/domain/fleet/stored-record.ts";
import { RequestSchema } from "../../src/domain/requests.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { isAgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { checkMessage, parseJson } from "../../src/domain/wire/decode.ts";
import {
  agentSubject,
  modelServerLeaseSubject,
  parseAgentSubject,
  parseModelServerLeaseSubject,
  parseToolCallSubject,
} from "../../src/domain/wire/subjects.ts";
import { type ToolName, tools } from "../../src/domain/wire/tools/tools.ts";
import { silentLogger } from "../../src/log.ts";
import { readAdvisory } from "../../src/nats/accounts/system-account.ts";
import { readRun } from "../../src/nats/child/leftover-server.ts";
import { parseViolation } from "../../src/nats/child/violations.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { checkProof } from "../../src/web/access/signed-codes.ts";
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
    fc.constantFrom(
      "agent",
      "tools",
      "call",
      "modelserver",
      "lease",
      "ada",
      "*",
      ">",
      "command",
      "heartbeat",
      "",
    ),
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
        const holder = parseModelServerLeaseSubject(subject);
        if (holder !== undefined) expect(modelServerLeaseSubject(holder)).toBe(subject);
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
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
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

/** Objects of the right keys, with the right and the wrong values in them. */
function likely(shape: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const entries = Object.entries(shape).map(
    ([key, right]) =>
      [key, fc.oneof({ weight: 15, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue() })] as const,
  );
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const word = fc.constantFrom(
  "stop",
  "task",
  "ada",
  "r1",
  "idle",
  "2026-01-01T00:00:00Z",
  "",
  "x".repeat(5_000),
);
const whole = fc.integer({ min: -1, max: 100_000 });
const anyBytes = fc.oneof(
  anyText.map((each) => new TextEncoder().encode(each)),
  bytes,
);
const now = new Date("2026-01-01T00:00:00Z");

test("readOrder() on any order: a receipt of a known state, and an order only with an id", async () => {
  const order = likely({
    type: word,
    payload: fc.oneof(word, likely({ text: word, reason: word, force: fc.boolean(), deadline_s: whole })),
    command_id: word,
    message_id: word,
    text: word,
    from: word,
    expires_at: word,
    force: fc.boolean(),
  }).map(bytesOf);
  const subject = fc.oneof(
    fc.constantFrom("agent.ada.command", "agent.ada.shutdown", "agent.ada.message"),
    fc.string(),
  );
  await fc.assert(
    fc.property(subject, fc.oneof(order, anyBytes), (on, data) => {
      const reading = readOrder({ subject: on, data, seq: 7, at: now.toISOString() }, now);
      if (reading.receipt === undefined) expect(reading.problem).toBeDefined();
      else expect(["delivered", "expired", "failed"]).toContain(reading.receipt.state);
      if (reading.order !== undefined) expect(reading.order.command_id).toMatch(/^[\w-]{1,128}$/);
    }),
    { numRuns: 1_000 },
  );
});

test("an advisory of nats-server: only a bridge that its signed user names", async () => {
  const advisory = likely({
    type: fc.constantFrom("io.nats.server.advisory.v1.client_connect", "x"),
    server: likely({ id: word }),
    client: likely({
      id: whole,
      start: word,
      name: fc.constantFrom("cliai bridge ada run", "cliai bridge ../ada run", "x"),
      jwt: fc.constantFrom(
        "eyJhbGciOiJub25lIn0.e30.x",
        "..",
        "x",
        "eyJ0eXAiOiJKV1QifQ.eyJuYW1lIjoiYm9iIn0.x",
      ),
    }),
  }).map(bytesOf);
  await fc.assert(
    fc.asyncProperty(fc.oneof(advisory, anyBytes), async (data) => {
      // None of these users is ada's.
      expect(await answers(() => readAdvisory("$SYS.ACCOUNT.A.CONNECT", data))).toBeUndefined();
    }),
    { numRuns: 1_000 },
  );
});

test("the arguments of every tool", async () => {
  const args = fc.oneof(
    fc.jsonValue(),
    nasty.map(jsonOr),
    fc.dictionary(fc.constantFrom("status", "text", "to"), word),
  );
  for (const name of Object.keys(tools) as ToolName[]) {
    const shape = "entries" in tools[name].schema ? Object.keys(tools[name].schema.entries) : [];
    const own = likely(Object.fromEntries(shape.map((key) => [key, fc.oneof(word, whole, fc.boolean())])));
    await fc.assert(
      fc.asyncProperty(fc.oneof(args, own), async (value) => {
        await answers(() => checkMessage(tools[name].schema, value));
      }),
      { numRuns: 200 },
    );
  }
});

function jsonOr(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}

test("what is kept of an agent: whatever is taken for a record can be viewed, told and reduced on", () => {
  const at = fc.constantFrom("2026-01-01T00:00:00Z", "yesterday", "");
  const receipts = fc.array(likely({ state: fc.constantFrom("stored", "delivered", "no"), at }), {
    maxLength: 2,
  });
  const command = likely({
    command_id: word,
    type: word,
    from: word,
    summary: word,
    stream_seq: whole,
    issued_at: at,
    receipts,
  });
  const record = likely({
    agent_id: fc.constant("ada"),
    first_seen: at,
    last_seen: at,
    heartbeat: likely({ at, interval_s: whole, seq: whole }),
    connection: likely({ isUp: fc.boolean(), at, client: word, started_at: at }),
    said: likely({ status: word, at, since: at, source: word }),
    session: likely({
      started_at: at,
      last_event_at: at,
      tools: fc.array(likely({ tool: word, since: at })),
    }),
    requests: fc.array(likely({ request_id: word, kind: word, asked_at: at, summary: word })),
    commands: fc.array(command, { maxLength: 3 }),
    audit_seq: whole,
    commands_seq: whole,
  });
  const complete = {
    agent_id: "ada",
    first_seen: now.toISOString(),
    commands: [],
    audit_seq: 0,
    commands_seq: 0,
  };
  fc.assert(
    fc.property(fc.oneof(record, fc.jsonValue(), nasty.map(jsonOr)), fc.boolean(), (value, isLikely) => {
      const stored = isLikely && typeof value === "object" ? { ...complete, ...value } : value;
      if (!isStoredRecord(stored, "ada")) return;
      const view = viewAgent(stored, now);
      expect(view.agent_id).toBe(parseAgentId("ada"));
      JSON.stringify(view);
      reduceAgent(stored, { type: "heartbeat", id: stored.agent_id, at: now.toISOString(), message: {} });
    }),
    { numRuns: 2_000 },
  );
  expect(isStoredRecord(complete, "ada")).toBe(true);
  expect(isStoredRecord(complete, "bob")).toBe(false);
});

test("a request, a checkpoint, the head of the chain, as they are kept", async () => {
  const request = likely({
    request_id: word,
    agent_id: word,
    kind: word,
    question: word,
    choices: fc.array(word),
    state: word,
  });
  const checkpoint = likely({
    version: fc.constant(1),
    stream: word,
    from_seq: whole,
    to_seq: whole,
    digests: fc.array(word, { maxLength: 3 }),
    times: fc.array(whole, { maxLength: 3 }),
    retention: likely({ first_seq: whole, bytes: whole, max_age_s: whole, max_bytes: whole }),
    prev: fc.constantFrom(null, "x"),
    prev_at_ms: fc.constantFrom(null, 1),
    at: word,
    public_key: word,
    hash: word,
    signature: word,
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(request, checkpoint, fc.jsonValue(), nasty.map(jsonOr)), async (value) => {
      await answers(() => checkMessage(RequestSchema, value));
      const signed = await answers(() => checkMessage(CheckpointSchema, value));
      if (signed !== undefined) expect(isIntact(signed)).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test("the files of a data directory: grants, serve.lock, nats/run.json, an export of the audit", async () => {
  await using dir = await tempDir();
  const grants = dir.join("keys/agents/ada");
  await mkdir(grants, { recursive: true });
  const likelyFile = likely({
    agent_id: word,
    user_key: word,
    role: fc.constantFrom("agent", "captain", "queen"),
    issued_at: word,
    expires_at: word,
    revoked_at: word,
    url: fc.constantFrom("http://127.0.0.1:1", "https://127.0.0.1:1", "file:///etc/passwd", "x"),
    instance: word,
    server_name: word,
    pid: fc.constantFrom(0, -1, 1.5, 1e308, "1"),
    port: whole,
    cliai_audit_export: fc.constant(1),
    stream: word,
    exported_at: word,
    from_seq: whole,
    to_seq: whole,
    stream_bytes: whole,
    filtered: fc.boolean(),
  }).map(bytesOf);
  const line = likely({
    seq: whole,
    subject: word,
    time: word,
    payload: fc.jsonValue(),
    payload_base64: word,
  });
  const header =
    '{"cliai_audit_export":1,"stream":"AUDIT","exported_at":"x","from_seq":1,"to_seq":2,"stream_bytes":3,"filtered":false}';
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(likelyFile, anyBytes),
      fc.oneof(
        line.map((each) => JSON.stringify(each)),
        anyText,
      ),
      async (data, record) => {
        await writeFile(`${grants}/U.json`, data);
        const known = await answers(() => readGrants(dir.path, parseAgentId("ada")));
        for (const { agent_id, role } of known ?? [])
          expect([isAgentId(agent_id), ["agent", "captain"].includes(role)]).toEqual([true, true]);
        await writeFile(dir.join("serve.lock"), data);
        expect(await isServed(dir.path)).toBe(false);
        await writeFile(dir.join("run.json"), data);
        expect(await readRun(dir.path)).toBeUndefined();
        await writeFile(dir.join("export"), data);
        await answers(() => openFileSource(dir.join("export")));
        await writeFile(dir.join("export"), `${header}\n${record}\n`);
        await answers(async () => {
          for await (const { seq, subject } of (await openFileSource(dir.join("export"))).records())
            expect([typeof seq, typeof subject]).toEqual(["number", "string"]);
        });
      },
    ),
    { numRuns: 200 },
  );
});

test("readClaudeHook() on any payload: short words, well formed", () => {
  const hook = likely({
    hook_event_name: fc.constantFrom("SessionStart", "PreToolUse", "StopFailure", "Notification", "x"),
    session_id: word,
    prompt: word,
    tool_name: word,
    tool_input: likely({ command: word, file_path: word }),
    tool_use_id: word,
    error: word,
    message: fc.string({ unit: "binary" }),
  });
  fc.assert(
    fc.property(fc.oneof(hook, fc.jsonValue(), nasty.map(jsonOr)), (payload) => {
      const facts = readClaudeHook(payload)?.facts;
      for (const value of Object.values(facts ?? {})) {
        expect(value.length).toBeLessThanOrEqual(300);
        expect(typeof value).toBe("string");
      }
      if (facts?.detail !== undefined) expect(facts.detail.isWellFormed()).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("parseViolation() on any line", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.constant(' - Publish Violation - Nkey "U", Subject "x"')), (line) => {
      expect(parseViolation(line)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
