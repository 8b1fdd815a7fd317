// This room holds the commands, one thin file each. Those with several files have a folder.
//
// `cliai token`: prints the HTTP token for scripts, prints an address that signs a browser in, or makes a new token.
import { httpTokenPath, readHttpToken, rotateHttpToken } from "../data-dir/http-token.ts";
import { readServeFile, type ServeFile, serveFilePath } from "../data-dir/serve-file.ts";
import { isServed } from "../data-dir/serve-lock.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { loginPath } from "../web/access/access.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import { defineCommandGroup } from "./frame/command-group.ts";
import type { CliContext } from "./frame/context.ts";

const args = { ...dataDirArgs, ...jsonArgs } as const;
type TokenArgs = Arguments<typeof args>;

export const tokenCommand = defineCommandGroup({
  name: "token",
  description: "print or replace the HTTP token, or print an address that signs a browser in",
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
    rotate: {
      command: defineCliCommand({
        name: "token rotate",
        description: "make a new token, and sign every browser and script out",
        args,
        run: rotate,
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
  const { dataDir, server, path } = await findToken(given, context);
  if (server?.insecure === true) throw withoutToken(server);
  if (server === undefined) throw unreachable(`no server runs on ${dataDir}: it has no serve.json`);
  // What a server that was killed has left there.
  if (!(await isServed(dataDir)))
    throw unreachable(`the server that ${serveFilePath(dataDir)} names is gone`);
  const url = new URL(loginPath(readHttpToken(path), server.instance, context.now()), server.url).href;
  context.print(context.json ? JSON.stringify({ login_url: url }) : url);
  return 0;
}

async function rotate(given: TokenArgs, context: CliContext): Promise<number> {
  const { dataDir, path } = await findToken(given, context);
  await refuseForeignFile(path, dataDir);
  await rotateHttpToken(dataDir);
  if (context.json) context.print(JSON.stringify({ rotated: true, path }));
  else context.note("a new token; every browser and script has to sign in again: cliai token url");
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
