// The words of an event about an agent's session: cut short, and without the secrets that `redact` recognises. Pure.
import { redact } from "./redact.ts";

const shortLength = 200;
const longLength = 300;
const idLength = 128;
/** How much of a text is searched for secrets; only its beginning is kept anyway. */
const readLength = 8_192;

/** For prompts, tools' names and inputs. */
export function shortFact<Words extends string | undefined>(words: Words): Words {
  return factOf(words, shortLength);
}

/** For errors and notifications. */
export function longFact<Words extends string | undefined>(words: Words): Words {
  return factOf(words, longLength);
}

/** For the ids that an agent CLI gives to its sessions, tool calls and subagents. */
export function idFact(id: string): string {
  return id.slice(0, idLength);
}

/** Redacts before it cuts, because a cut could leave half of a secret, which `redact` would not know. */
function factOf<Words extends string | undefined>(words: Words, length: number): Words {
  return words === undefined
    ? words
    : (redact(words.slice(0, readLength)).slice(0, length).toWellFormed() as Words);
}

/** The fields of a tool's input that describe it best, as the agent CLIs name them; the first one that is set is shown. */
const tellingFields = [
  ...["command", "file_path", "filePath", "notebook_path", "path", "url", "pattern", "query", "description"],
];

/** The words of a tool's input that describe the call best; undefined if there are none. */
export function inputWords(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const values = tellingFields.map((name) => (input as Readonly<Record<string, unknown>>)[name]);
  return values.find((value): value is string => typeof value === "string" && value !== "");
}
