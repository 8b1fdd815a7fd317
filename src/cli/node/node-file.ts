// `node.json` in the data directory of a machine that has joined: which node it is, and of which server. Its credentials are beside it, in
// `keys/node.creds`.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { isNodeName } from "../../domain/nodes/node-name.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";

const NodeFileSchema = v.looseObject({
  name: v.pipe(v.string(), v.check(isNodeName)),
  /** The address of the server's NATS, as this machine reaches it. */
  url: v.string(),
  /** Whether it launches agents when serve asks for it. */
  may_launch: v.optional(v.boolean()),
  joined_at: v.string(),
});
export type NodeFile = v.InferOutput<typeof NodeFileSchema>;

const pathOf = (dataDir: string) => join(dataDir, "node.json");

export function nodeCredsPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "node.creds");
}

/**
 * Undefined if the machine has not joined with this directory.
 * @throws CliaiError `config_invalid` for a file that cannot be used
 */
export async function readNodeFile(dataDir: string): Promise<NodeFile | undefined> {
  try {
    return decodeMessage(NodeFileSchema, await readFile(pathOf(dataDir)));
  } catch (cause) {
    // ENOTDIR: a file stands in the directory's place, which whoever needs the directory says better.
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new CliaiError("config_invalid", `cannot use ${pathOf(dataDir)}: ${messageOf(cause)}`, {
      hint: "remove it, and join again: on the server's machine, cliai join-code",
      cause,
    });
  }
}

/** Writes the credentials first: without them, the node is none. @throws CliaiError `data_dir_unwritable` */
export async function writeNode(dataDir: string, node: NodeFile, creds: string): Promise<void> {
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(keysDirOf(dataDir));
  await writePrivateFile(nodeCredsPath(dataDir), creds);
  await writePrivateFile(pathOf(dataDir), `${JSON.stringify(node, null, 2)}\n`);
}

/** The lock of the process `cliai node`. */
export function nodeHeldPath(dataDir: string): string {
  return join(dataDir, "node.held");
}

export function nodeLogPath(dataDir: string): string {
  return join(dataDir, "logs", "node.log");
}

/** The error of a command that needs the server of this directory, where there is none, because the directory is a node's. */
export function noServerHere({ name, url }: NodeFile): CliaiError {
  return new CliaiError("server_unreachable", `there is no server here: this machine is the node ${name}`, {
    hint: `run this on the server's machine, which answers at ${redact(url)}`,
  });
}

/** @throws CliaiError `config_invalid` if the directory is a node's: both would write into the same folders */
export async function refuseNodeDir(dataDir: string): Promise<void> {
  const node = await readNodeFile(dataDir);
  if (node === undefined) return;
  throw new CliaiError(
    "config_invalid",
    `${dataDir} is the directory of this machine as the node ${node.name}`,
    {
      hint: "choose another directory for a server of its own: --data-dir DIR",
    },
  );
}
