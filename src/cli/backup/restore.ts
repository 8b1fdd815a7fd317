// `cliai restore FILE`: makes a data directory from a backup, and verifies the recorded history in it.
import { resolve } from "node:path";
import { openStreamSource } from "../../audit/audit-source.ts";
import { readHeadNote } from "../../audit/head-file.ts";
import { readPublicKey } from "../../audit/signing.ts";
import { type Verification, verifyAudit } from "../../audit/verify.ts";
import { type BackupFacts, checkBackup, restoreBackup } from "../../backup/restore.ts";
import { placeOfRestores } from "../../backup/unfinished.ts";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { createLaunchedAgents } from "../../data-dir/launched-agents.ts";
import { streams as streamNames } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { listStreams } from "../../nats/jetstream/snapshot.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { endingSignal } from "../process/ending-signal.ts";
import { removeLeftovers } from "./leftovers.ts";
import { withOwnStore } from "./own-store.ts";
import { type LetIn, readLetIn, validAgainText } from "./valid-again.ts";
import { streamsText, streamText } from "./words.ts";

export const restoreCommand = defineCliCommand({
  name: "restore",
  example: "cliai restore ~/cliai-backup.tar --data-dir ~/restored",
  description: "make a data directory from a backup; it must be empty, or not there",
  args: {
    file: { type: "positional", required: true, description: "a file that `cliai backup` wrote" },
    check: { type: "boolean", description: "only read the whole backup, and tell whether it is intact" },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    const path = resolve(context.cwd, args.file);
    await using parts = new AsyncDisposableStack();
    const signal = endingSignal(context, parts);
    if (args.check === true) {
      tell(await checkBackup(path, signal), { path }, context);
      return 0;
    }
    const dataDir = dataDirFor(args, context);
    const { folder } = await placeOfRestores(dataDir);
    await removeLeftovers({ folder }, context.log);
    let audit: Verification | undefined;
    const restored = await restoreBackup({
      ...{ path, signal, dataDir },
      // The restored files are flushed once, at the end.
      withStore: (dir, { insecure }, work) =>
        withOwnStore({ dataDir: dir, insecure, sync: "2m", abandoned: signal }, context, work),
      onStream: (stream) => context.progress(`restoring ${streamText(stream)}`),
      onRestored: async (dir, bus) => {
        context.progress("verifying the recorded history");
        audit = await verifyRestored(dir, bus, context);
      },
    });
    const launched = [...(await createLaunchedAgents(restored.dataDir, context.log).read()).keys()];
    const letIn = readLetIn(restored.dataDir, context.now());
    tell(restored, { path, dataDir: restored.dataDir, audit, launched, letIn }, context);
    return audit === undefined || audit.ok ? 0 : 1;
  },
});

async function verifyRestored(dir: string, bus: Bus, { now }: CliContext): Promise<Verification | undefined> {
  if (!(await listStreams(bus)).includes(streamNames.audit)) return undefined;
  const key = await readPublicKey(keysDirOf(dir));
  const trustedKeys = key === undefined ? [] : [key];
  const note = await readHeadNote(keysDirOf(dir), trustedKeys);
  return await verifyAudit(await openStreamSource(bus, { note, now }), {
    trustedKeys,
    onFinding: () => undefined, // `cliai audit verify` lists them
  });
}

interface Told {
  readonly path: string;
  /** Undefined if nothing was restored. */
  readonly dataDir?: string;
  readonly audit?: Verification | undefined;
  readonly launched?: readonly string[];
  readonly letIn?: LetIn;
}

function tell(
  { manifest, files, streams }: BackupFacts,
  { path, dataDir, audit, launched = [], letIn }: Told,
  { json, print, note }: CliContext,
): void {
  const { created_at, cliai } = manifest;
  if (json) {
    const facts = { file: path, created_at, cliai, part: manifest.part, files, streams };
    const done = { restored: dataDir !== undefined, data_dir: dataDir, audit, launched, let_in: letIn };
    print(JSON.stringify({ ...facts, ...done }));
    return;
  }
  const part = manifest.part === undefined ? "" : `only ${manifest.part}: `;
  const what = `${part}${files} files, ${streamsText(streams)}, saved at ${created_at} by cliai ${cliai}`;
  if (dataDir === undefined) {
    print(`${path} is intact: ${what}`);
    return;
  }
  print(`restored ${dataDir}: ${what}`);
  if (audit?.ok === true)
    print(`the recorded history is verified: nothing was changed in its ${audit.records} records`);
  if (audit?.ok === false)
    note(`the recorded history has ${audit.findings} traces of tampering; list them: cliai audit verify`);
  if (letIn !== undefined) note(validAgainText(letIn, created_at));
  if (launched.length > 0)
    note(
      `the next server starts these agents again: ${launched.join(", ")}; if they still run elsewhere, stop them there first`,
    );
}
