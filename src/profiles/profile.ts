// This room knows profiles: their keys, the files that they come from, and which projects' files a person has trusted.
//
// The keys of a profile, in one schema. The type, the JSON Schema for editors and docs/settings.md are made from it.
import * as v from "valibot";
import { AcpProfileSchema, acpProfileEntries } from "../agents/acp/acp-profile.ts";
import { defaultAgentCli } from "../agents/agent-clis.ts";
import { readLimit } from "../domain/budgets/parse-budget.ts";
import { reservationModes } from "../domain/files/reservation.ts";
import { mostTags, TagSchema } from "../domain/fleet/shown/tags.ts";
import { OnLimitSchema } from "../domain/limits/on-limit.ts";
import { commandForms, ModelServerSchema, modelServerEntries } from "../domain/model-server.ts";
import { routeNames } from "../domain/route-names.ts";
import { described, textSetting, wholeNumber } from "../domain/text/setting-schemas.ts";
import { WatchdogSchema, watchdogEntries } from "../domain/watchdog/watchdog-keys.ts";
import { roles } from "../domain/wire/roles.ts";

const seconds = wholeNumber(1, 86_400);
const words = (what: string) => v.array(textSetting(what), `must be a list of texts: ${what}`);
export const profileColours = ["red", "green", "yellow", "blue", "magenta", "cyan"] as const;

/**
 * A profile may not set cliai's own variables, because by them cliai finds the processes that a run has left behind. Upper and lower case are the
 * same, because Windows does not distinguish them in a variable's name.
 */
const variableName = v.pipe(
  v.string(),
  v.regex(
    /^(?![Cc][Ll][Ii][Aa][Ii]_)[A-Za-z_][A-Za-z0-9_]*$/,
    "is not the name of a variable that a profile may set",
  ),
);

/** Not outside of the project, and not git's own directory. */
const innerPath = v.pipe(
  v.string(),
  v.regex(
    /^(?!\/|[A-Za-z]:|\.git(?:\/|$)|\.\/?$)(?!(?:.*\/)?\.\.(?:\/|$))[^\\]+$/,
    "is not a path below the root of the project",
  ),
);

export const profileEntries = {
  description: v.optional(described(textSetting("text"), "what this agent is for")),
  cli: v.optional(
    described(
      textSetting("the name of an agent CLI"),
      "the agent CLI to launch; acp:NAME for one that this profile describes with acp",
    ),
    defaultAgentCli,
  ),
  acp: v.optional(
    described(
      AcpProfileSchema,
      'with "cli": "acp:NAME": how to start that agent, which speaks the Agent Client Protocol',
    ),
  ),
  model_server: v.optional(
    described(
      ModelServerSchema,
      "the model server on which the agent works, instead of its CLI's own service; its keys: local-models.md",
    ),
  ),
  shell: v.optional(
    described(
      v.picklist(commandForms, `must be one of ${commandForms.join(", ")}`),
      'with "cli": "local": whether the agent runs a program with its arguments (args), or a line in the shell (shell)',
    ),
  ),
  model: v.optional(described(textSetting("a model name"), "the model's name, passed to the CLI unchanged")),
  args: v.optional(
    described(
      words("an argument of the CLI"),
      "arguments for the CLI; the arguments after -- of spawn come behind them",
    ),
  ),
  env: v.optional(
    described(
      v.record(
        variableName,
        v.union([v.string(), v.boolean()], "must be text, true or false"),
        "must be an object of variables",
      ),
      "environment variables for the CLI: a text sets one, true requires one and passes it on, false removes one",
    ),
  ),
  project: v.optional(
    described(textSetting("a path"), "the directory to work in if spawn names none; relative to this file"),
  ),
  worktree: v.optional(
    described(
      v.union([v.boolean(), textSetting("a branch")], "must be true, false or the name of a branch"),
      "give the agent a git worktree of its own: true, or the name of its branch, in which {id} stands for the agent's id",
    ),
  ),
  worktree_base: v.optional(
    described(
      textSetting("a branch or commit"),
      "the branch or commit at which the new branch of a worktree begins; without it, what is checked out in the project",
    ),
  ),
  worktree_dir: v.optional(
    described(
      textSetting("a path"),
      "the directory for worktrees; its path is relative to this file; without it, PROJECT.worktrees beside the project",
    ),
  ),
  worktree_files: v.optional(
    described(
      v.array(
        v.union(
          [innerPath, v.strictObject({ link: innerPath })],
          'must be a path below the root of the project, without "..", or {"link": such a path}',
        ),
        "must be a list of paths",
      ),
      'files and directories that git does not have, copied into a new worktree; {"link": PATH} links one instead',
    ),
  ),
  worktree_setup: v.optional(
    described(
      v.pipe(words("a word of the command"), v.minLength(1, "must name a program")),
      "the command that sets up a new worktree before the agent starts, as a list: its program, and each argument",
    ),
  ),
  permission_mode: v.optional(described(textSetting("a mode of the CLI"), "the CLI's own permission mode")),
  allowed_tools: v.optional(
    described(
      words("a rule such as Bash(git:*)"),
      "tools that the CLI may use without asking, written as the CLI's own rules",
    ),
  ),
  tags: v.optional(
    described(
      v.pipe(
        v.array(TagSchema, "must be a list of tags"),
        v.maxLength(mostTags, `must be at most ${mostTags} tags`),
      ),
      "tags of the agent, by which it is found: --filter tag:NAME",
    ),
  ),
  on_limit: v.optional(
    described(
      OnLimitSchema,
      "what the agent does at a usage limit: it goes on by itself when that ends (resume), waits for a person (hold), or stops (stop); without it, as serve is set",
    ),
  ),
  priority: v.optional(
    described(
      wholeNumber(0, 1_000),
      "agents with a higher number go on first after a usage limit; the default is 0",
    ),
  ),
  role: v.optional(v.picklist(roles, `must be one of ${roles.join(", ")}`), "agent"),
  colour: v.optional(v.picklist(profileColours, `must be one of ${profileColours.join(", ")}`)),
  prompt: v.optional(described(textSetting("text"), "instructions added to the CLI's system prompt")),
  prompt_file: v.optional(
    described(textSetting("a path"), "file with more instructions; its path is relative to this file"),
  ),
  stop_approval: v.optional(
    described(
      v.boolean("must be true or false"),
      "hold the end of each turn until a captain or a person approves it",
    ),
    false,
  ),
  stop_approval_wait_s: v.optional(described(seconds, "seconds to wait for that approval"), 3_600),
  stop_approval_unanswered: v.optional(
    described(
      v.picklist(["end", "go_on"], "must be end or go_on"),
      "what to do when nobody answers in time, or no server can be reached: end the turn, or let the agent go on",
    ),
    "end",
  ),
  permissions: v.optional(
    described(
      v.picklist(["cli", "inbox"], "must be cli or inbox"),
      "where the CLI's permission requests are answered: at its terminal (cli), or in the inbox (inbox); the default is inbox with --headless, else cli",
    ),
  ),
  unanswered: v.optional(
    described(
      v.picklist(["refuse", "hold"], "must be refuse or hold"),
      "what happens if nobody answers a permission or question in time: the model gets a refusal and goes on (refuse), or it waits on (hold)",
    ),
    "refuse",
  ),
  unanswered_after_s: v.optional(
    described(seconds, "seconds after which a permission or question counts as unanswered"),
    3_600,
  ),
  reservations: v.optional(
    described(
      v.picklist(reservationModes, `must be one of ${reservationModes.join(", ")}`),
      "what happens before a tool changes a file that another agent has reserved: nothing (off), both are warned afterwards (warn), or the call is denied (enforce)",
    ),
    "warn",
  ),
  budget: v.optional(
    described(
      v.pipe(
        textSetting("a budget"),
        v.check(
          (text) => text.split(",").every((each) => readLimit(each, "run") !== undefined),
          "must be a budget such as 5/day, 200k/run or 20/month hard; several with commas between them",
        ),
      ),
      "what each of its agents may spend: 5/day in US dollars, 200k/run in tokens; several with commas between them",
    ),
  ),
  watchdog: v.optional(
    described(
      WatchdogSchema,
      "watch its agents for signs that they get nowhere, and tell people or hold them; its keys: budgets.md",
    ),
  ),
  transcript: v.optional(
    described(
      v.picklist(["on", "off"], "must be on or off"),
      "whether the agent's conversation is kept in the stream TRANSCRIPTS, for its page and for cliai log --transcript",
    ),
    "on",
  ),
  routes: v.optional(
    described(
      v.array(v.picklist(routeNames, `must be one of ${routeNames.join(", ")}`), "must be a list of routes"),
      "the routes by which cliai may give this agent a text; without it, all",
    ),
  ),
};
const innerEntries: Readonly<Record<string, object>> = {
  ...{ acp: acpProfileEntries, model_server: modelServerEntries, watchdog: watchdogEntries },
};
/** The keys of a profile, or of the object that stands in it under this key. */
export const profileKeys = (key?: string): string[] => Object.keys(innerEntries[key ?? ""] ?? profileEntries);
export const ProfileSchema = v.strictObject(profileEntries, "must be an object");
export type Profile = v.InferOutput<typeof ProfileSchema>;
/** The keys that a file gives, without defaults. */
export type GivenProfile = Partial<Profile>;
export const defaultProfile: Profile = v.parse(ProfileSchema, {});

/** At most 58 characters: an agent's id is the profile's name and five more characters, and has at most 63. */
export const ProfileNameSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,57}$/, "is not a profile name: use 1 to 58 letters, digits, _ or -"),
);

/** Removes the keys that the profile's file does not give: those have default values. */
export function givenOf(profile: Profile, source: unknown): GivenProfile {
  const given = Object.entries(profile).filter(([key]) => Object.hasOwn(source as object, key));
  return Object.fromEntries(given) as GivenProfile;
}
