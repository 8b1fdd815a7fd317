// This room is a machine that has joined a fleet: `cliai join` and `cliai node`.
//
// `cliai join`: has this machine join the fleet of a server, with the code that `cliai join-code` has printed there.
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { readKeys } from "../../credentials/keys.ts";
import { isPinned } from "../../credentials/nodes/hub-pin.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { type JoinCode, parseJoinCode } from "../../domain/nodes/join-code.ts";
import type { HubFacts, JoinAnswer } from "../../domain/nodes/node-messages.ts";
import { isNodeName, nodeNameOf, nodeNameRule } from "../../domain/nodes/node-name.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";
import { joinInboxPrefix } from "../../domain/wire/subjects.ts";
import type { UserKey } from "../../nats/accounts/node-credentials.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import { isUnauthorized } from "../../nats/errors.ts";
import { askOperatorDesk } from "../../server/operator-desk.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { hasTerminal } from "../frame/has-terminal.ts";
import { hubDesk, joinDesk } from "../nodes/join-desks.ts";
import { ensureJoinKey, removeJoinKey } from "./join-key.ts";
import { readNodeFile, writeNode } from "./node-file.ts";
import { endNode, startBackgroundNode } from "./node-run.ts";

const args = {
  url: { type: "positional", required: true, description: "where the server's NATS answers" },
  code: {
    type: "positional",
    required: true,
    description: "the code that cliai join-code has printed; - to read it from the input",
  },
  name: {
    type: "string",
    valueHint: "NAME",
    description: "the name of this machine in the fleet (default: its host name)",
  },
  "no-start": {
    type: "boolean",
    description: "do not start the node; to start it later: cliai node --detach",
  },
  ...dataDirArgs,
  ...jsonArgs,
} as const;

const newCode = "on the server's machine, make another one: cliai join-code";

export const joinCommand = defineCliCommand({
  name: "join",
  example: "cliai join tls://hub.example:4222 CODE (cliai join-code prints the whole line)",
  description: "have this machine join the fleet of a server on another one",
  args,
  run,
});

async function run(given: Arguments<typeof args>, context: CliContext): Promise<number> {
  const dataDir = dataDirFor(given, context);
  const { url } = given;
  const code = readCode(given.code === "-" ? await readLine(context) : given.code);
  const name = readName(given.name);
  requireSafe(url);
  await requireUnused(dataDir);
  const key = await ensureJoinKey(dataDir, code.id);
  const { facts, answer } = await askToJoin({ url, code, name, key }, context);
  // One that was revoked tries on, and holds the directory.
  const former = await endNode(dataDir);
  if (former !== undefined) context.log.info(`the node that ran on ${dataDir} has ended (pid ${former})`);
  const joined_at = context.now().toISOString();
  await writeNode(
    dataDir,
    { name: answer.name, url, may_launch: answer.may_launch, joined_at },
    key.credsWith(answer.jwt) + facts.trust,
  );
  await removeJoinKey(dataDir);
  const pid = given["no-start"] === true ? undefined : await startBackgroundNode(dataDir, context);
  if (context.json) context.print(JSON.stringify({ node: answer.name, url, data_dir: dataDir, pid }));
  else {
    context.print(`this machine has joined as the node ${answer.name} (data in ${dataDir})`);
    context.note(
      pid === undefined
        ? "to connect it: cliai node --detach, or cliai service install"
        : `it runs in the background (pid ${pid}); to end it: cliai down, to start it again: cliai node --detach; to have it start by itself: cliai service install`,
    );
  }
  return 0;
}

/** The first line of the input; a person ends it by Enter. Empty if there is none. */
async function readLine({ stdin, note }: Pick<CliContext, "stdin" | "note">): Promise<string> {
  if (hasTerminal()) note("paste the code that cliai join-code has printed, then Enter:");
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
  }
}

/** @throws CliaiError `usage` */
function readCode(text: string): JoinCode {
  const code = parseJoinCode(text);
  if (code !== undefined) return code;
  throw new CliaiError("usage", `"${redact(text)}" is not a join code, or not a whole one`, {
    hint: "paste the whole line that cliai join-code has printed: cliai join URL CODE",
  });
}

/** @throws CliaiError `usage` */
function readName(given: string | undefined): string {
  const name = given ?? nodeNameOf(hostname());
  if (isNodeName(name)) return name;
  throw new CliaiError("usage", `"${name}" cannot be the name of a node`, { hint: nodeNameRule });
}

/** @throws CliaiError `usage` if somebody in the network could read what is sent there */
function requireSafe(url: string): void {
  const parsed = URL.parse(url);
  if (parsed === null || !/^(nats|tls):$/.test(parsed.protocol) || parsed.port === "") {
    throw new CliaiError("usage", `"${redact(url)}" is no address of a NATS server`, {
      hint: "paste the whole line that cliai join-code has printed, such as cliai join tls://hub.example:4222 CODE",
    });
  }
  if (parsed.protocol === "tls:" || isLoopback(parsed.hostname)) return;
  throw new CliaiError(
    "usage",
    `${redact(url)} is another machine, and has no TLS: others could read the code`,
    {
      hint: `use tls://${parsed.host}, or forward its port by SSH and join at this machine's own address`,
    },
  );
}

/** @throws CliaiError `refused` if the directory is in use */
async function requireUnused(dataDir: string): Promise<void> {
  const node = await readNodeFile(dataDir);
  if (node !== undefined) {
    throw new CliaiError(
      "refused",
      `${dataDir} has joined already, as the node ${node.name} of ${redact(node.url)}`,
      {
        hint: "choose another directory: --data-dir DIR; or remove node.json there, to join anew",
      },
    );
  }
  if ((await readKeys(dataDir)) === undefined && (await readServeFile(dataDir)) === undefined) return;
  throw new CliaiError("refused", `${dataDir} is the directory of a server of its own`, {
    hint: "choose another directory for what this machine does for the other server: --data-dir DIR",
  });
}

interface JoinOrder {
  readonly url: string;
  readonly code: JoinCode;
  readonly name: string;
  readonly key: UserKey;
}

/**
 * First asks who is there, over a connection that trusts nobody, and compares it with the pin in the code. Only then sends the secret, over a
 * connection that trusts that server alone.
 */
async function askToJoin(
  { url, code, name, key }: JoinOrder,
  { log }: CliContext,
): Promise<{ readonly facts: HubFacts; readonly answer: JoinAnswer }> {
  const shared = { url, name: "cliai join", inboxPrefix: joinInboxPrefix(), log };
  const facts = await withDoor(
    () => connectBus({ ...shared, trust: "unchecked" }),
    url,
    (bus) => askOperatorDesk(bus, hubDesk, {}),
  );
  if (!isPinned(facts, code.pin)) {
    throw new CliaiError("refused", `the server at ${redact(url)} is not the one that has made this code`, {
      hint: `use the address that cliai join-code has printed with it; if that is the one, ${newCode}`,
    });
  }
  const answer = await withDoor(
    () => connectBus({ ...shared, trust: { certificates: facts.trust } }),
    url,
    (bus) =>
      askOperatorDesk(bus, joinDesk, {
        ...{ code_id: code.id, secret: code.secret },
        ...{ user_key: key.publicKey, name, host: hostname() },
      }),
  );
  return { facts, answer };
}

async function withDoor<Result>(
  connect: () => Promise<Bus>,
  url: string,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> {
  const bus = await connect().catch((cause: unknown) => {
    if (cause instanceof CliaiError && cause.code === "nats_unreachable") throw unanswered(url, cause);
    if (!isUnauthorized(cause)) throw cause;
    throw new CliaiError(
      "refused",
      `the server at ${redact(url)} lets no machine join now: the code has ended, or is another server's`,
      {
        hint: newCode,
        cause,
      },
    );
  });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
}

/** The package `nats` cannot tell the two apart: nats-server closes the connection that is one too many. */
function unanswered(url: string, cause: CliaiError): CliaiError {
  return new CliaiError("nats_unreachable", `no server at ${redact(url)} lets this machine ask`, {
    hint: "see whether the address is right, and a server runs there; if too many machines ask at the same time, try it again in half a minute",
    cause,
  });
}
