// What the contract suite must know of an agent CLI to drive the real one, offline. Each CLI has a file in drivers/; the cases know no CLI.
import type { AgentCli } from "../../src/agents/agent-cli.ts";
import type { Abilities, SessionMode } from "../../src/domain/abilities.ts";
import type { ScriptedRequest } from "../support/model-script.ts";
import type { TempDir } from "../support/temp-dir.ts";
import type { DrivenScript, DrivenTurn } from "./driven-turn.ts";
import type { FailureKind, ModelFailures } from "./model-failures.ts";

export interface DrivenModel extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly (ScriptedRequest & { readonly body: unknown })[];
}

export interface DrivenPlace {
  /** The folder in which the CLI is to work. */
  readonly work: string;
  /** The whole environment of the CLI. */
  readonly env: Readonly<Record<string, string>>;
  /** The paths of the user's own settings of the CLI, which cliai must leave as they are. */
  readonly ownFiles: readonly string[];
  /** The files that the user's own MCP servers and hooks leave when they run. */
  readonly ownSigns: readonly string[];
}

export interface CliDriver {
  readonly cli: AgentCli;
  readonly mode: SessionMode;
  /** What makes it another than the driver of the same CLI and mode. */
  readonly variant?: string;
  /** Keys of the agent's profile with which the CLI's rules ask before each command, in the inbox. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** The route of a task for an idle session. */
  readonly route: string;
  /** Whether only its first tool call shows that its tools can be held, so that a pause before that is `delivered` and no more. */
  readonly provesHoldByTool?: boolean;
  /** How old a session must be before the CLI keeps it over its end. Absent if it keeps every session. */
  readonly keepsSessionAfterMs?: number;
  /** What its model's server answers when it fails. */
  readonly failures: ModelFailures;
  /** Whether a refused permission ends the turn, so that its task stays `seen` until the agent acknowledges it. */
  readonly refusalLeavesTask?: boolean;
  /** Whether the CLI asks its model again by itself without a word about it. */
  readonly hidesRetries?: boolean;
  /** The failures for which the CLI shows that it asks again, but not why. */
  readonly unnamedRetries?: readonly FailureKind[];
  /** The failures through which the CLI asks its model again for longer than a test waits. */
  readonly outlasts?: readonly FailureKind[];
  startModel(script: DrivenScript): Promise<DrivenModel>;
  /** Makes the place in which the CLI runs, kept from the network and from the settings of whoever runs the test. */
  prepare(dir: Pick<TempDir, "join">, model: DrivenModel): Promise<DrivenPlace>;
  /** Arguments of `cliai spawn` beside those that every CLI gets. */
  spawnArgs?(model: DrivenModel): readonly string[];
  /** A call of the CLI's shell, for which its rules ask. */
  shell(command: string): DrivenTurn;
  /** A call of the CLI's own tool that asks its user; of a CLI that has none, of a tool that there is not. */
  question(question: string, labels: readonly string[]): DrivenTurn;
  /** A call of one of cliai's own tools. */
  ownTool(name: string, input: Readonly<Record<string, unknown>>): DrivenTurn;
}

/** The row of abilities that holds for the driver's mode. */
export function abilitiesOf({ cli, mode }: CliDriver): Abilities {
  const abilities = cli.abilities[mode];
  if (abilities === undefined) throw new Error(`${cli.name} has no abilities in the mode ${mode}`);
  return abilities;
}

export function nameOf({ cli, mode, variant }: CliDriver): string {
  return [cli.name, mode, variant].filter(Boolean).join(", ");
}
