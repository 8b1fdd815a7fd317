// Keeps the recipients of one file of settings, which is read again when it changes: the hooks of `hooks.json`, the targets of `notify.json`. What
// fails, and what is wrong in the file, is an alert.
import { CliaiError } from "../domain/text/errors.ts";
import type { ServerInside } from "../server/start/server-options.ts";
import { createFailures, type Failures } from "./failures.ts";
import { type OwnFile, type OwnFileRead, watchOwnFile } from "./own-file.ts";
import { createRecipients, type NamedRecipient } from "./recipients.ts";

export interface ReadEntries<T> {
  readonly entries: readonly T[];
  /** What is wrong with each wrong entry, by its name; of the whole file, by the file's. */
  readonly problems: ReadonlyMap<string, CliaiError>;
}

export interface RecipientsFileOptions<T> {
  readonly file: OwnFile;
  /** Under this name stands what is wrong with the whole file. */
  readonly fileName: string;
  readonly parse: (source: string) => ReadEntries<T>;
  readonly consumerOf: (name: string) => string;
  readonly recipientOf: (entry: T, failures: Failures) => NamedRecipient;
  /** The kind of the alert. */
  readonly alert: string;
  /** What an entry is, in a word, for the alert. */
  readonly what: string;
}

export interface RecipientsFile<T> extends ReadEntries<T> {
  /** How many notices wait for the recipient with this consumer. */
  waiting(consumer: string): number;
  stop(): Promise<void>;
}

/** Resolves when the file was read, and the recipients are ready. */
export async function openRecipientsFile<T extends { readonly name: string }>(
  inside: Pick<ServerInside, "bus" | "lease" | "alerts" | "log">,
  options: RecipientsFileOptions<T>,
): Promise<RecipientsFile<T>> {
  const { fileName, consumerOf } = options;
  const failures = createFailures(inside.alerts, options.alert, options.what);
  const recipients = createRecipients(inside, consumerOf(""));
  let present: ReadEntries<T> = { entries: [], problems: new Map() };
  let named: readonly string[] = [];
  let setting: Promise<void> = Promise.resolve();
  const take = (read: OwnFileRead) => {
    const { entries, problems } = readEntries(read, options);
    const names = [...entries.map(({ name }) => name), ...problems.keys()];
    for (const name of named) if (!names.includes(name)) failures.set(name, undefined);
    if (names.length === 0) failures.set(fileName, undefined);
    named = names;
    // What was changed has not failed since.
    for (const name of names) failures.set(name, problems.get(name)?.message);
    for (const { message } of problems.values()) inside.log.warn(message);
    // A file that cannot be read does not say that an entry is gone: those from before go on.
    const isUnread = problems.has(fileName);
    present = { entries: isUnread ? present.entries : entries, problems };
    if (isUnread) return;
    const kept = [...problems.keys()].map(consumerOf);
    setting = recipients.set(
      entries.map((entry) => options.recipientOf(entry, failures)),
      kept,
    );
  };
  const watch = watchOwnFile(options.file, take);
  await watch.first;
  await setting;
  return {
    get entries() {
      return present.entries;
    },
    get problems() {
      return present.problems;
    },
    waiting: recipients.waiting,
    async stop() {
      watch.stop();
      await recipients.stop();
    },
  };
}

function readEntries<T>(
  read: OwnFileRead,
  { fileName, parse }: Pick<RecipientsFileOptions<T>, "fileName" | "parse">,
): ReadEntries<T> {
  if (read instanceof CliaiError) return { entries: [], problems: new Map([[fileName, read]]) };
  return parse(read ?? "{}");
}
