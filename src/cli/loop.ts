// `cliai loop`: reads flags, and runs an ACP agent on a local model server. Its stdout is the ACP transport.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { buildInfo } from "../build-info.ts";
import {
  callForms,
  commandForms,
  exampleServer,
  gateVariable,
  KeepAliveSchema,
  type ModelServerSettings,
  modelServerKinds,
} from "../domain/model-server.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { startLoopAgent } from "../loop/loop-agent.ts";
import { createModelClient } from "../loop/model/model-client.ts";
import { permissionModeNames, usualMode } from "../loop/permission.ts";
import { dataDirArgs, dataDirFor } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import type { CliContext } from "./frame/context.ts";
import { checkModelServerFlag } from "./model-server/choose.ts";
import { readServerKey } from "./model-server/settings.ts";

/** The kinds of model servers that have `/v1/chat/completions`. */
const chatKinds = modelServerKinds.filter((kind) => kind !== "anthropic");

const loopArgs = {
  "model-server": {
    type: "string",
    valueHint: "URL",
    description: "work on this model server: llama.cpp, Ollama, or any with /v1/chat/completions",
  },
  model: {
    type: "string",
    valueHint: "NAME",
    description: "ask for this model (default: the server's, if it has only one)",
  },
  kind: {
    type: "string",
    valueHint: "KIND",
    description: `what the server is: ${chatKinds.join(", ")} (default: found out from its answers)`,
  },
  context: {
    type: "string",
    valueHint: "TOKENS",
    description:
      "use at most this many tokens of the model's context (default: as many as the server reports)",
  },
  calls: {
    type: "string",
    valueHint: "FORM",
    description:
      "how the model calls tools; native: by its template; schema: each answer is forced into a call (default: native if the template has tools)",
  },
  "keep-alive": {
    type: "string",
    valueHint: "DURATION",
    description:
      "with Ollama: keep the model loaded for this long after a request, such as 30m; -1: for ever",
  },
  "max-steps": {
    type: "string",
    valueHint: "N",
    description: "ask the model at most this often in one turn (default: 100)",
  },
  shell: {
    type: "string",
    valueHint: "FORM",
    description:
      "how the agent runs commands; args: a program with its arguments; shell: a line for the shell (default: args)",
  },
  "permission-mode": {
    type: "string",
    valueHint: "MODE",
    description: `which tools need a permission: ${permissionModeNames.join(", ")} (default: ${usualMode})`,
  },
  instructions: {
    type: "string",
    valueHint: "FILE",
    description: "add the text of this file to the model's instructions",
  },
  "key-from": {
    type: "string",
    valueHint: "VARIABLE",
    description: "send the value of this environment variable to the model server as its key",
  },
  sessions: {
    type: "string",
    valueHint: "DIR",
    description: "keep the sessions in this folder (default: loop-sessions in the data directory)",
  },
  ...dataDirArgs,
} as const;

type LoopArgs = Arguments<typeof loopArgs>;

export const loopCommand = defineCliCommand({
  name: "loop",
  description: "run an ACP agent on a local model server; an ACP client starts it",
  args: loopArgs,
  example: `cliai loop --model-server ${exampleServer}`,
  async run(args, context) {
    const { env, stdin, stdout, log, cwd } = context;
    const keyName = args["key-from"];
    // The commands that the agent runs get neither the key nor the gate's address: with the address, they could use the agent's place in the
    // queue.
    const { [keyName ?? ""]: _key, [gateVariable]: gate, ...commandEnv } = env;
    const loop = startLoopAgent({
      client: createModelClient({
        ...readServer(args),
        key: readServerKey(keyName, env),
        gate: gate || undefined,
      }),
      instructions: await readInstructions(args.instructions, context),
      maxSteps: readCount("max-steps", args["max-steps"]) ?? 100,
      commandForm: readWord("shell", args.shell, commandForms) ?? "args",
      mode: readWord("permission-mode", args["permission-mode"], permissionModeNames) ?? usualMode,
      sessionsDir:
        args.sessions === undefined ? usualSessionsDir(args, context) : resolve(cwd, args.sessions),
      env: commandEnv,
      version: buildInfo.version,
      ...{ stdin, stdout, log },
    });
    process.on("SIGINT", loop.end).on("SIGTERM", loop.end).on("SIGHUP", loop.end);
    await loop.ended;
    return 0;
  },
});

function readServer(args: LoopArgs): ModelServerSettings {
  const url = args["model-server"];
  if (url === undefined) {
    throw new CliaiError("usage", "loop needs the address of a model server", {
      hint: `cliai loop --model-server ${exampleServer}`,
    });
  }
  checkModelServerFlag(url);
  return {
    url,
    model: args.model,
    kind: readWord("kind", args.kind, chatKinds),
    context: readCount("context", args.context),
    calls: readWord("calls", args.calls, callForms),
    keep_alive: readKeepAlive(args["keep-alive"]),
  };
}

function readWord<T extends string>(
  flag: string,
  word: string | undefined,
  words: readonly T[],
): T | undefined {
  const found = words.find((each) => each === word);
  if (found !== undefined || word === undefined) return found;
  throw new CliaiError("usage", `--${flag} ${JSON.stringify(word)} is not known`, {
    hint: didYouMean(word, words) ?? `it is one of ${words.join(", ")}`,
  });
}

function readKeepAlive(text: string | undefined): string | undefined {
  if (text === undefined || v.is(KeepAliveSchema, text)) return text;
  throw new CliaiError("usage", `--keep-alive must be a duration or -1, not ${JSON.stringify(text)}`, {
    hint: "cliai loop --keep-alive 30m",
  });
}

function readCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CliaiError("usage", `--${flag} must be a whole number above 0, not ${JSON.stringify(text)}`, {
    hint: `cliai loop --${flag} 100`,
  });
}

async function readInstructions(path: string | undefined, { cwd }: CliContext): Promise<string> {
  if (path === undefined) return "";
  try {
    return (await readFile(resolve(cwd, path), "utf8")).trim();
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot read --instructions ${path}: ${messageOf(cause)}`, {
      hint: "name a file that you can read",
      cause,
    });
  }
}

function usualSessionsDir(args: LoopArgs, context: CliContext): string {
  return join(dataDirFor(args, context), "loop-sessions");
}
