// What the cases have the scripted models do, in a form that every model server of the tests takes.
import type { ScriptedRequest, ScriptOf } from "../support/model-script.ts";

/** What a scripted model does in one answer, as far as every model server of the tests can do it. */
export interface DrivenTurn {
  readonly text?: string;
  /** Tools to call, by the names under which the CLI offers them. */
  readonly toolUses?: readonly {
    readonly name: string;
    /** Only Codex has one. */
    readonly namespace?: string;
    readonly input?: Readonly<Record<string, unknown>>;
    /** What a tool takes that takes a script. Only Codex has one. */
    readonly script?: string;
  }[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** An HTTP error instead of an answer, in the words of the API. */
  readonly error?: {
    readonly status: number;
    readonly type?: string;
    readonly code?: string;
    readonly message?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly fields?: Readonly<Record<string, unknown>>;
  };
  /** A stream that ends with this error. Only the API of Codex has one. */
  readonly failure?: { readonly code: string; readonly message: string };
}

export type DrivenScript = ScriptOf<ScriptedRequest, DrivenTurn>;
