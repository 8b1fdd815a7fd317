// Reads a prompt, or the answer to a query: plain text, or a JSON object with a text and files.
import * as v from "valibot";
import { CliaiError } from "../text/errors.ts";

export interface Prompt {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

export interface Attachment {
  /** As the caller has named it: it may be a path, or anything else. */
  readonly filename: string;
  readonly content: Uint8Array;
}

const mostAttachments = 32;
const needsBoth = "an attachment needs a filename and a content";
const AttachmentSchema = v.looseObject(
  { filename: v.string(needsBoth), content: v.string(needsBoth) },
  needsBoth,
);
const needsText = `"prompt" must be a text`;
const EnvelopeSchema = v.looseObject(
  {
    prompt: v.string(needsText),
    attachments: v.optional(
      v.pipe(
        v.array(AttachmentSchema, `"attachments" must be a list`),
        v.maxLength(mostAttachments, `a prompt has at most ${mostAttachments} attachments`),
      ),
      [],
    ),
  },
  needsText,
);

/**
 * Fields that are not known are ignored. A text that does not begin with `{` is plain text, also if it is other JSON.
 * @throws CliaiError `message_invalid` for bytes that are not UTF-8, a prompt without a text, and a broken object
 */
export function readPrompt(data: Uint8Array): Prompt {
  const text = textOf(data);
  const prompt = text.trimStart().startsWith("{") ? readEnvelope(text) : { text, attachments: [] };
  if (prompt.text.trim() === "") throw new CliaiError("message_invalid", "the prompt is empty");
  return prompt;
}

function textOf(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch (cause) {
    throw new CliaiError("message_invalid", "the prompt is not UTF-8", { cause });
  }
}

function readEnvelope(text: string): Prompt {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new CliaiError("message_invalid", "the prompt begins with { and is not JSON", { cause });
  }
  const read = v.safeParse(EnvelopeSchema, body, { abortEarly: true });
  if (!read.success) throw new CliaiError("message_invalid", read.issues[0].message);
  const attachments = read.output.attachments.map(({ filename, content }) => ({
    filename,
    content: decoded(content),
  }));
  return { text: read.output.prompt, attachments };
}

function decoded(content: string): Uint8Array {
  try {
    // The decoder skips white space, which RFC 4648 does not allow.
    if (/\s/.test(content)) throw new Error("white space in it");
    return Uint8Array.fromBase64(content, { lastChunkHandling: "strict" });
  } catch (cause) {
    throw new CliaiError("message_invalid", "the content of an attachment is not base64", { cause });
  }
}
