// This room holds the commands, one thin file each. Those with several files have a folder.
//
// `cliai token`: prints the HTTP token for scripts, prints an address that signs a browser in, or makes a new token.

import { addNamedToken, isExpired, readNamedTokens, revokeNamedToken } from "../credentials/named-tokens.ts";
import { httpTokenPath, readHttpToken, rotateHttpToken } from "../data-dir/http-token.ts";
import { readServeFile, type ServeFile, serveFilePath } from "../data-dir/serve-file.ts";
import { isServed } from "../data-dir/serve-lock.ts";
import { type NamedToken, type TokenScope, tokenScopes } from "../domain/access/token-scopes.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { parseAgentId } from "../domain/wire/agent-id.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import { defineCommandGroup } from "./frame/command-group.ts";
import type { CliContext } from "./frame/context.ts";
import { readExpiry } from "./frame/read-expiry.ts";
import { alignRows } from "./frame/terminal.ts";
import { pairingWords, pairUrlOf } from "./serve/phone/pairing-words.ts";
import { loginUrlOf } from "./serve/ready-words.ts";

const args = { ...dataDirArgs, ...jsonArgs } as const;
type TokenArgs = Arguments<typeof args>;
const nameArgs = {
  name: { type: "positional", required: true, description: "name of the token" },
  ...args,
} as const;
const addArgs = {
  ...nameArgs,
  scope: {
    type: "string",
    valueHint: "SCOPES",
    description: `what it allows, separated by commas: ${tokenScopes.join(", ")}`,
  },
  agent: {
    type: "string",
    valueHint: "ID",
    description: "make the token of this agent, for its tools over HTTP; then without --scope",
  },
  expires: {
    type: "string",
    valueHint: "TIME",
    description: "end it after this time, such as 12h or 90d (default: never)",
  },
} as const;

export const tokenCommand = defineCommandGroup({
  name: "token",
  description:
    "print or replace the HTTP token, sign a browser in, or make tokens with a name and few rights",
  standard: "show",
  subcommands: {
    show: {
      command: defineCliCommand({ name: "token show", description: "print the HTTP token", args, run: show }),
    },
    url: {
      command: defineCliCommand({
        name: "token url",
        description: "print an address that signs a browser in once",
        args,
        run: printUrl,
      }),
    },
    pair: {
      command: defineCliCommand({
        name: "token pair",
        description: "print a QR code that signs a phone in once, at a server that runs with --phone",
        args,
        run: pair,
      }),
    },
    rotate: {
      command: defineCliCommand({
        name: "token rotate",
        description: "make a new token, and sign every browser and script out; tokens with a name stay",
        args,
        run: rotate,
      }),
    },
    add: {
      command: defineCliCommand({
        name: "token add",
        example: "cliai token add grafana --scope metrics --expires 90d",
        description: "make a token with a name and few rights for a program, and print it once",
        args: addArgs,
        run: add,
      }),
    },
    list: {
      command: defineCliCommand({
        name: "token list",
        description: "list the tokens with a name, what they allow, and until when",
        args,
        run: list,
      }),
    },
    revoke: {
      command: defineCliCommand({
        name: "token revoke",
        example: "cliai token revoke grafana (cliai token list lists them)",
        description: "end a token with a name at once",
        args: nameArgs,
        run: revoke,
      }),
    },
  },
});

async function findToken(given: TokenArgs, context: CliContext) {
  const dataDir = dataDirFor(given, context);
  const server = await readServeFile(dataDir);
  return { dataDir, server, path: server?.token_file ?? httpTokenPath(dataDir) };
}

async function show(given: TokenArgs, context: CliContext): Promise<number> {
  const { server, path } = await findToken(given, context);
  if (server?.insecure === true) throw withoutToken(server);
  const token = readHttpToken(path);
  context.print(context.json ? JSON.stringify({ token, path }) : token);
  return 0;
}

async function printUrl(given: TokenArgs, context: CliContext): Promise<number> {
  const { server, token } = await findRunning(given, context);
  const url = loginUrlOf(server, token, context.now());
  context.print(context.json ? JSON.stringify({ login_url: url }) : url);
  return 0;
}

async function pair(given: TokenArgs, context: CliContext): Promise<number> {
  const { server, token } = await findRunning(given, context);
  const url = pairUrlOf(server, token, context.now());
  if (url === undefined) {
    throw new CliaiError("refused", `the server at ${server.url} takes no phones`, {
      hint: "end it, and start it again with --phone; the agents work on: cliai down, then cliai serve --detach --phone",
    });
  }
  const { fingerprint } = server.phone ?? {};
  if (context.json) context.print(JSON.stringify({ pair_url: url, ...definedOf({ fingerprint }) }));
  else context.print(pairingWords(url, server, context));
  return 0;
}

/** @throws CliaiError `refused` if it takes no token, `server_unreachable` if it does not run */
async function findRunning(
  given: TokenArgs,
  context: CliContext,
): Promise<{ server: ServeFile; token: string }> {
  const { dataDir, server, path } = await findToken(given, context);
  if (server?.insecure === true) throw withoutToken(server);
  if (server === undefined) throw unreachable(`no server runs on ${dataDir}: it has no serve.json`);
  // What a server that was killed has left there.
  if (!(await isServed(dataDir)))
    throw unreachable(`the server that ${serveFilePath(dataDir)} names is gone`);
  return { server, token: readHttpToken(path) };
}

async function rotate(given: TokenArgs, context: CliContext): Promise<number> {
  const { dataDir, path } = await findToken(given, context);
  await refuseForeignFile(path, dataDir);
  await rotateHttpToken(dataDir);
  if (context.json) context.print(JSON.stringify({ rotated: true, path }));
  else context.note("a new token; every browser and script has to sign in again: cliai token url");
  return 0;
}

async function add(given: Arguments<typeof addArgs>, context: CliContext): Promise<number> {
  const now = context.now();
  if (given.agent !== undefined && given.scope !== undefined) {
    throw new CliaiError(
      "usage",
      "--scope and --agent contradict each other: an agent's token has no scopes",
      {
        hint: "leave one of them out",
      },
    );
  }
  const agent = given.agent === undefined ? undefined : parseAgentId(given.agent);
  const scopes = agent === undefined ? readScopes(given.scope) : [];
  const order = { name: given.name, scopes, agent, expiresAt: readExpiry("token", given.expires, now), now };
  const { token, ...named } = await addNamedToken(dataDirFor(given, context), order);
  if (context.json) context.print(JSON.stringify({ ...named, token }));
  else {
    context.print(token);
    context.note(`it is shown only now; it allows ${rightsOf(named)}${endOf(named)}`);
  }
  return 0;
}

function rightsOf({ scopes, agent }: NamedToken, between = ", "): string {
  return agent === undefined ? scopes.join(between) : `the agent ${agent} its tools`;
}

/** @throws CliaiError `usage` */
function readScopes(text = ""): TokenScope[] {
  const words = text.split(",").map((word) => word.trim());
  return [...new Set(words)].map((word) => {
    const scope = tokenScopes.find((each) => each === word);
    if (scope !== undefined) return scope;
    const what =
      word === "" ? "--scope names nothing that the token allows" : `"${word}" is no scope of a token`;
    throw new CliaiError("usage", what, {
      hint: didYouMean(word, tokenScopes) ?? `--scope with some of ${tokenScopes.join(",")}`,
    });
  });
}

async function list(given: TokenArgs, context: CliContext): Promise<number> {
  const unusable: CliaiError[] = [];
  const tokens = readNamedTokens(dataDirFor(given, context), (problem) => unusable.push(problem));
  for (const { message, hint } of unusable) context.note(`${message}\nhint: ${hint}`);
  if (context.json) context.print(JSON.stringify(tokens));
  else if (tokens.length === 0 && unusable.length === 0)
    context.note("no token has a name; make one: cliai token add NAME --scope read");
  else {
    const rows = tokens.map((named) => [named.name, rightsOf(named, ","), whenOf(named, context.now())]);
    for (const line of alignRows(rows)) context.print(line.join("  ").trimEnd());
  }
  return 0;
}

function whenOf(named: NamedToken, now: Date): string {
  return isExpired(named, now) ? `expired ${named.expires_at}` : `made ${named.created_at}${endOf(named)}`;
}

function endOf({ expires_at }: Pick<NamedToken, "expires_at">): string {
  return expires_at === undefined ? ", until it is revoked" : `, until ${expires_at}`;
}

async function revoke(given: Arguments<typeof nameArgs>, context: CliContext): Promise<number> {
  await revokeNamedToken(dataDirFor(given, context), given.name);
  if (context.json) context.print(JSON.stringify({ revoked: given.name }));
  else context.note(`${given.name} is revoked`);
  return 0;
}

async function refuseForeignFile(path: string, dataDir: string): Promise<void> {
  if (path === httpTokenPath(dataDir)) return;
  throw new CliaiError(
    "refused",
    `the running serve reads its token from ${path}, a file that cliai does not change`,
    {
      hint: `write another token into it, which serve uses at once: openssl rand -base64 32 > ${path}`,
    },
  );
}

function withoutToken({ url }: ServeFile): CliaiError {
  return new CliaiError("refused", `the server at ${url} runs with --insecure: it takes no token`, {
    hint: `open it without a token: ${url}`,
  });
}

function unreachable(message: string): CliaiError {
  return new CliaiError("server_unreachable", message, { hint: "start it: cliai serve" });
}
