// The words for what cliai can do with the sessions of an agent CLI. Each CLI's folder in src/agents says which of them hold for its CLI, and
// every page, table and command shows what is said there. Pure.

/** Each ability, and what it means that a CLI has it. */
export const abilityWords = {
  task: "an idle session gets a task at once",
  steer: "a session that works gets a task in its running turn",
  pause: "its next tool call is held for as long as a pause lasts",
  stop_in_tool: "a forced stop ends the tool that runs",
  permission: "a permission that its rules ask for can be given in the inbox",
  question: "a question to its user can be answered in the inbox",
  seen: "it shows that its model has been given an order",
  usage: "it tells the tokens that it has used",
  cost: "it tells what they cost",
  resume: "a session that has ended can be resumed",
  shared: "a person at its own terminal and cliai work in one session",
} as const;
export type AbilityName = keyof typeof abilityWords;
export const abilityNames = Object.keys(abilityWords) as AbilityName[];

/** `partly`: only under the condition that `how` names. `untried`: it was never seen with the real CLI. */
export type Holding = "yes" | "partly" | "no" | "untried";

export interface Ability {
  readonly holds: Holding;
  /** By what means the CLI has the ability, under which condition, or why not: a few words for a person, without a line break or `|`. */
  readonly how: string;
}

export type Abilities = Readonly<Record<AbilityName, Ability>>;

/** `terminal`: the CLI has a terminal of its own, at which a person may sit. `headless`: it has none. */
export const sessionModes = ["terminal", "headless"] as const;
export type SessionMode = (typeof sessionModes)[number];

/** The abilities in each mode in which cliai can launch the CLI. */
export type ModeAbilities = Readonly<Partial<Record<SessionMode, Abilities>>>;

/** The facts about an agent CLI that are needed to show its abilities. */
export interface CliAbilities {
  /** The name that a profile's `cli` gives. */
  readonly name: string;
  /** The release for which `abilities` was measured. */
  readonly triedVersion: string;
  readonly abilities: ModeAbilities;
}

export const yes = (how: string): Ability => ({ holds: "yes", how });
export const partly = (how: string): Ability => ({ holds: "partly", how });
export const no = (how: string): Ability => ({ holds: "no", how });
export const untried = (how: string): Ability => ({ holds: "untried", how });

/** The abilities that the CLI has only partly or not at all, each with its condition or reason: `all but cost (partly: …)`. */
export function abilitySummary(abilities: Abilities): string {
  const gaps = abilityNames.flatMap((name) => {
    const { holds, how } = abilities[name];
    return holds === "yes" ? [] : [`${name} (${holds}: ${how})`];
  });
  return gaps.length === 0 ? "all" : `all but ${gaps.join(", ")}`;
}

/** What an agent's host reports about the CLI that it has launched. */
export interface LaunchedCli {
  readonly agent_cli?: string | undefined;
  readonly agent_cli_version?: string | undefined;
  readonly session_mode?: string | undefined;
}

export interface OwnAbilities {
  readonly abilities: Abilities;
  /** `claude 2.1.330, headless: all but …` */
  readonly summary: string;
}

/** Undefined for an agent without a host, and for one whose host, of another release of cliai, has launched a CLI that is unknown here. */
export function abilitiesOf(
  { agent_cli, agent_cli_version: version, session_mode }: LaunchedCli = {},
  clis: readonly CliAbilities[],
): OwnAbilities | undefined {
  const cli = clis.find(({ name }) => name === agent_cli);
  const mode = sessionModes.find((each) => each === session_mode);
  const abilities = mode && cli?.abilities[mode];
  if (cli === undefined || abilities === undefined) return undefined;
  const release = version === undefined ? "of an unknown release" : releaseText(cli, version);
  return { abilities, summary: `${cli.name} ${release}, ${mode}: ${abilitySummary(abilities)}` };
}

/** A release of the CLI, and whether the abilities were measured with it. */
export function releaseText({ triedVersion }: Pick<CliAbilities, "triedVersion">, version: string): string {
  if (version === triedVersion) return version;
  return `${version} (${["untried", triedVersion && `tried: ${triedVersion}`].filter(Boolean).join("; ")})`;
}
