// Secrets by their shapes: gone from a text, whatever stands around them, and nothing else gone with them.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { redact } from "../../../src/domain/text/redact.ts";
import { buildProof } from "../../../src/web/access/signed-codes.ts";

const seed = `SUA${"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(2).slice(0, 55)}`;
const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJzdWIiOiJVQSJ9.c2lnbmF0dXJl-_";
const creds = `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
const code = buildProof("a token", "session", 60, new Date());
const apiKey = `sk-ant-${"a1B2".repeat(8)}`;
const pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----";

const secrets: [what: string, text: string, secret: string][] = [
  ["a password in a URL", "nats://ada:s3cret%21@db.example:4222", "s3cret%21"],
  ["a token in a URL", "tls://t0ken@db.example:4222", "t0ken"],
  ["a list of URLs", "nats://a:one@x,nats://b:two@y", "two"],
  ["a bearer token", "Authorization: Bearer abcDEF123_-xyz", "abcDEF123_-xyz"],
  ["credentials", creds, seed],
  ["a seed", seed, seed],
  ["a JWT", jwt, jwt],
  ["a session or login code", `http://127.0.0.1:3000/login?code=${code}`, code.slice(-43)],
  ["a key in PEM form", pem, "MIGHAgEAMBMGByqGSM49"],
  ["a model's API key", apiKey, apiKey],
  ["a token of GitHub", `cloned with ghp_${"a1B2".repeat(9)}`, "a1B2a1B2"],
  ["a fine-grained token of GitHub", `github_pat_${"a1B2".repeat(9)}`, "a1B2a1B2"],
  ["a key of AWS", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"],
  ["a variable with a secret", "export AWS_SECRET_ACCESS_KEY='hunter2hunter2'", "hunter2hunter2"],
  ["a variable of a program that is not known", "MISTRAL_API_TOKEN: hunter2hunter2", "hunter2hunter2"],
  ["a named token of the HTTP API", `token cliai_${"a1B2".repeat(10)}xyz`, "a1B2a1B2"],
  ["a variable in JSON", '{"GITHUB_TOKEN": "hunter2hunter2"}', "hunter2hunter2"],
  ["a quoted variable in JSON", '{"command": "export A_KEY=\\"hunter2hunter2\\" && ls"}', "hunter2hunter2"],
  ["a variable with a key", "ANTHROPIC_API_KEY=hunter2hunter2", "hunter2hunter2"],
];

test.each(secrets)("redact() takes out %s", (_, text, secret) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), (around) => {
      const apart = around.replace(/[\w@:/.-]/g, "");
      expect(redact(`${apart} ${text} ${apart}`)).not.toContain(secret);
    }),
    { numRuns: 50 },
  );
});

test.each([
  "nats://127.0.0.1:4222",
  "http://[::1]:3000/agents/ada?tab=cost#x",
  "write to ada@example.com, see https://example.com/@ada",
  'no agent "Snake-1234"; did you mean Snake-1243?',
  "3f2a1c9e-8b7d-4f6a-9e0c-1b2a3c4d5e6f",
  "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "press ANY KEY; the TOKEN: is gone; DATA_DIR=/tmp",
  "the bearer of bad news; a basic error",
])("redact() leaves %j as it is", (text) => {
  expect(redact(text)).toBe(text);
});

/** The shortest of three runs, in ms of the processor, which other programs do not lengthen. */
function processorMs(text: string): number {
  const runs = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    redact(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...runs);
}

test.each([
  ...[
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "a:",
    "x://",
    "sk-",
    "?code=",
    "A_",
    "A_KEY ",
    "A_B1",
    "eyJabcdefgh-",
    "eyJabcdefgh.",
    "Bearer ",
    "?token=&",
    "1234567890.",
  ].map((text) => [text, ""] as const),
  ["-", "-----BEGIN PRIVATE KEY-----"],
  ["SEED", "-----BEGIN "],
] as const)(
  "redact() takes linear time over what an agent may send: %j again and again after %j",
  (text, begin) => {
    const long = (times: number) => begin + text.repeat(times);
    // Five times the length takes 25 times as long in quadratic time. One more ms than measured, because the clock of the processor is coarse.
    const [shorter, longer] = [processorMs(long(10_000)), processorMs(long(50_000))];
    expect(longer / (shorter + 1)).toBeLessThan(12);
  },
);
