// The links of notices that answer requests: the key that signs them, and what `notify.json` allows at the moment.
import { ensureAnswerKey } from "../../credentials/answer-key.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { readOwnFile } from "../../notify/own-file.ts";
import { notifyPath, parseNotifyFile } from "../../notify/targets/notify-file.ts";
import type { AnswerPath } from "../../notify/targets/targets.ts";
import { type AnswerLinkDesk, answerLinkPath } from "../../web/access/answer-links.ts";

export interface AnswerLinks {
  readonly desk: AnswerLinkDesk;
  readonly answerPath: AnswerPath;
}

export interface AnswerLinksOptions {
  readonly dataDir: string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Undefined, with a warning, if the key cannot be used: notices then have no such links. */
export async function prepareAnswerLinks({
  dataDir,
  now,
  log,
}: AnswerLinksOptions): Promise<AnswerLinks | undefined> {
  let key: string;
  try {
    key = await ensureAnswerKey(dataDir);
  } catch (error) {
    log.warn(`no notice has a link that answers: ${messageOf(error)}`);
    return undefined;
  }
  return {
    desk: { key, mayAnswer: (recipient, kind) => mayAnswer(dataDir, recipient, kind) },
    answerPath: (request, recipient) => answerLinkPath(key, request, recipient, now()),
  };
}

/** A file that cannot be used allows nothing. */
const mayAnswer = async (
  dataDir: string,
  ...[recipient, kind]: Parameters<AnswerLinkDesk["mayAnswer"]>
): Promise<boolean> => {
  const path = notifyPath(dataDir);
  const source = await readOwnFile({ path, isSecret: true }).catch(() => undefined);
  if (source === undefined) return false;
  return parseNotifyFile(source, path).entries.some(
    ({ name, answer_links }) => name === recipient && answer_links.includes(kind),
  );
};
