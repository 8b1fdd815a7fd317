// `cliai audit verify`: prints one line for each trace of tampering, then a summary. The exit code is 1 if there is a trace.
import { resolve } from "node:path";
import { type AuditSource, openStreamSource } from "../../audit/audit-source.ts";
import { openFileSource } from "../../audit/export-file.ts";
import type { Finding } from "../../audit/findings.ts";
import { readHeadNote } from "../../audit/head-file.ts";
import { readPublicKey } from "../../audit/signing.ts";
import { type Verification, verifyAudit } from "../../audit/verify.ts";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";

const verifyArgs = {
  stream: { type: "string", valueHint: "NAME", description: "check this stream, a copy of the stream AUDIT" },
  prefix: {
    type: "string",
    valueHint: "TEXT",
    description: "remove this prefix, such as copy., from the subjects of the copy",
  },
  file: { type: "string", valueHint: "FILE", description: "check this file, which audit --export wrote" },
  key: {
    type: "string",
    valueHint: "KEYS",
    description: "trust these public keys, separated by commas (default: the data directory's own key)",
  },
  ...clientArgs,
} as const;

type VerifyArgs = Arguments<typeof verifyArgs>;

export const verifyCommand = defineCliCommand({
  name: "audit verify",
  description: "check that nothing in the recorded history was changed",
  args: verifyArgs,
  run: verifyHistory,
});

async function verifyHistory(args: VerifyArgs, context: CliContext): Promise<number> {
  const { file, stream, prefix, url } = args;
  const other = stream === undefined ? (prefix === undefined ? undefined : "--prefix") : "--stream";
  if (file !== undefined && other !== undefined) {
    throw new CliaiError("usage", `--file and ${other} contradict each other`, {
      hint: "verify one at a time",
    });
  }
  const trustedKeys = await findKeys(args, context);
  const verify = async (source: AuditSource) => {
    const result = await verifyAudit(source, {
      trustedKeys,
      onFinding: (finding) => context.print(findingLine(finding, context)),
    });
    for (const line of resultLines(result, context)) context.print(line);
    if (trustedKeys.length === 0 && result.keys.length > 0) {
      context.note(
        "no trusted key to compare with: give the server's public key with --key to check who signed this",
      );
    }
    return result.ok ? 0 : 1;
  };
  if (file !== undefined) return await verify(await openFileSource(resolve(context.cwd, file)));
  return await withClient(args, context, async (bus) => {
    // With --url the server may be another machine's, so the head noted in this data directory says nothing about it.
    const note =
      url === undefined ? await readHeadNote(keysDirOf(dataDirFor(args, context)), trustedKeys) : undefined;
    return await verify(await openStreamSource(bus, { stream, prefix, note, now: context.now }));
  });

  async function findKeys({ key }: VerifyArgs, own: CliContext): Promise<string[]> {
    if (key !== undefined) return key.split(",").map((each) => each.trim());
    // With --url the server may be another machine's, so the key in this data directory says nothing about it.
    const ownKey = url === undefined ? await readPublicKey(keysDirOf(dataDirFor(args, own))) : undefined;
    return ownKey === undefined ? [] : [ownKey];
  }
}

function findingLine(finding: Finding, { json, color }: CliContext): string {
  if (json) return JSON.stringify(finding);
  return `${paint(finding.kind.replace("_", " "), "red", color)}: ${plain(finding.message)}`;
}

function resultLines(result: Verification, { json, color }: CliContext): string[] {
  if (json) return [JSON.stringify(result)];
  const { source, records, checkpoints, signed_to, unsigned, gap, filtered, findings, keys, head } = result;
  const number = (count: number) => count.toLocaleString("en");
  const lines = [
    `${source}: ${number(records)} records, ${number(checkpoints)} checkpoints, signed up to ${number(signed_to)}`,
  ];
  if (gap?.why === "retention") {
    lines.push(
      `retention has removed the records up to ${number(gap.to_seq)}; the last of them was stored at ${gap.last_at} or before`,
    );
  } else if (gap !== undefined) {
    lines.push(`records up to ${number(gap.to_seq)} are not part of this export`);
  }
  if (filtered) lines.push("the export was filtered, so missing records cannot be found");
  if (unsigned > 0) lines.push(`the last ${number(unsigned)} records are not signed yet`);
  if (keys.length > 0) lines.push(`signed by ${keys.join(", ")}; head ${head ?? "none"}`);
  const verdict =
    findings === 0
      ? "nothing was changed"
      : `${number(findings)} ${findings === 1 ? "trace" : "traces"} of tampering`;
  return [...lines, paint(verdict, findings === 0 ? "green" : "red", color)];
}
