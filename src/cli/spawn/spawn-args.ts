// The flags of `cliai spawn`.
import { type Role, roles } from "../../domain/wire/roles.ts";
import { startArgs } from "../background/ensure-server.ts";
import { clientArgs } from "../fleet/client.ts";
import type { Arguments } from "../frame/command.ts";
import { configArgs } from "../frame/config-file.ts";

export const spawnArgs = {
  profile: { type: "positional", required: false, description: "name of a profile (cliai profiles)" },
  text: {
    type: "positional",
    required: false,
    description: "the agent's first task, the same as --task; - reads it from stdin",
  },
  id: {
    type: "string",
    valueHint: "ID",
    description: "give the agent this id (default: PROFILE and 4 digits)",
  },
  task: {
    type: "string",
    valueHint: "TEXT",
    description: "give the agent this task first; - reads it from stdin",
  },
  project: {
    type: "string",
    valueHint: "DIR",
    description: "let the agent work in this directory (default: the profile's, else the current one)",
  },
  worktree: {
    type: "string",
    valueHint: "[BRANCH]",
    description:
      "let the agent work in a git worktree of its own, on this branch (default cliai/ID); BRANCH stands behind PROFILE, or as --worktree=BRANCH",
  },
  base: {
    type: "string",
    valueHint: "REF",
    description: "with --worktree: begin its new branch at this branch or commit (default: the project's)",
  },
  role: {
    type: "enum",
    options: [...roles] as Role[],
    description: "use this role instead of the profile's",
  },
  model: { type: "string", valueHint: "NAME", description: "use this model instead of the profile's" },
  cli: { type: "string", valueHint: "NAME", description: "launch this agent CLI instead of the profile's" },
  "model-server": {
    type: "string",
    valueHint: "URL",
    description: "let the agent's CLI work on this model server instead of the profile's",
  },
  budget: {
    type: "string",
    valueHint: "AMOUNT",
    description:
      "what the agent may spend, instead of the profile's: 5/day or 5/run in US dollars, 200k/run in tokens; several with commas",
  },
  headless: {
    type: "boolean",
    description: "run the agent without a terminal, on one task after another, until it is stopped",
  },
  resume: { type: "string", valueHint: "SESSION", description: "resume this session of the agent's CLI" },
  detach: {
    type: "boolean",
    description:
      "let the server launch the agent without a terminal, with the server's PATH and variables, and print its id",
  },
  on: {
    type: "string",
    valueHint: "NODE",
    description: "let this node launch the agent without a terminal, with its own profiles and folders",
  },
  wait: {
    type: "boolean",
    description: "run the agent without a terminal until its task is over, and print its last words",
  },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    description: "with --wait: stop waiting after this time (default a week)",
  },
  quiet: { type: "boolean", description: "with --headless: do not print what the agent says" },
  "die-with-terminal": {
    type: "boolean",
    description: "end the agent when its terminal closes; otherwise it runs on without it",
  },
  "resume-on-terminal": {
    type: "boolean",
    description: "with --headless: cliai resume at a terminal starts the agent on that terminal",
  },
  "strict-mcp": { type: "boolean", description: "let the agent use only cliai's MCP server" },
  "dry-run": {
    type: "boolean",
    description: "write the agent's configuration and print its command; make no credentials, launch nothing",
  },
  ...startArgs,
  ...configArgs,
  ...clientArgs,
} as const;

export type SpawnArgs = Arguments<typeof spawnArgs>;
