// This room holds the commands, one thin file each. Those with several files have a folder.
//
// `cliai token`: prints the HTTP token for scripts, prints an address that signs a browser in, or makes a new token.
import { join } from "node:path";
import { httpTokenPath, readHttpToken, rotateHttpToken } from "../data-dir/http-token.ts";
import { readServeFile, type ServeFile } from "../data-dir/serve-file.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { loginPath } from "../web/access/access.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { defineCliCommand } from "./frame/command.ts";

const actions = ["show", "url", "rotate"] as const;

export const tokenCommand = defineCliCommand({
  name: "token",
  description:
    "show: print the HTTP token; url: print an address that signs a browser in once; rotate: make a new token and sign all out",
  args: {
    action: { type: "positional", required: false, description: "show (the default), url or rotate" },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    const { json, print, note, now } = context;
    const action = parseAction(args.action);
    const dataDir = dataDirFor(args, context);
    const server = await readServeFile(dataDir);
    const path = server?.token_file ?? httpTokenPath(dataDir);
    if (action === "rotate") {
      await refuseForeignFile(path, dataDir);
      await rotateHttpToken(dataDir);
      if (json) print(JSON.stringify({ rotated: true, path }));
      else note("a new token; every browser and script has to sign in again: cliai token url");
      return 0;
    }
    if (server?.insecure === true) throw withoutToken(server);
    if (action === "url") {
      const running = server ?? throwUnreachable(dataDir);
      const url = new URL(loginPath(readHttpToken(path), running.instance, now()), running.url).href;
      print(json ? JSON.stringify({ login_url: url }) : url);
      return 0;
    }
    const token = readHttpToken(path);
    print(json ? JSON.stringify({ token, path }) : token);
    return 0;
  },
});

function parseAction(word = "show"): (typeof actions)[number] {
  const action = actions.find((each) => each === word);
  if (action !== undefined) return action;
  throw new CliaiError("usage", `token "${word}" is not one of ${actions.join(", ")}`, {
    hint: didYouMean(word, actions) ?? "cliai token --help",
  });
}

async function refuseForeignFile(path: string, dataDir: string): Promise<void> {
  if (path === httpTokenPath(dataDir)) return;
  throw new CliaiError(
    "refused",
    `the running serve takes its token from ${path}, which cliai does not change`,
    {
      hint: `write another token there; serve takes it at once: openssl rand -base64 32 > ${path}`,
    },
  );
}

function withoutToken({ url }: ServeFile): CliaiError {
  return new CliaiError("refused", `the server at ${url} runs with --insecure: it takes no token`, {
    hint: `open it as it is: ${url}`,
  });
}

function throwUnreachable(dataDir: string): never {
  throw new CliaiError(
    "server_unreachable",
    `no server runs on ${dataDir}: ${join(dataDir, "serve.json")} is not there`,
    {
      hint: "start it: cliai serve",
    },
  );
}
