// Reads the messages with which an agent of others answers a prompt.
import * as v from "valibot";
import { checkMessage, decodeMessage } from "../wire/decode.ts";

export type HeardPiece =
  | { readonly type: "status"; readonly word: string }
  | { readonly type: "response"; readonly text: string; readonly files: number }
  | { readonly type: "query"; readonly query: HeardQuery }
  /** Of a type that this version does not know. */
  | { readonly type: "unknown" };

export interface HeardQuery {
  readonly replySubject: string;
  readonly prompt: string;
}

const PieceSchema = v.looseObject({ type: v.string(), data: v.unknown() });
const StatusSchema = v.string("the data of a status must be text");
const files = v.nullish(v.array(v.unknown()), []);
const ResponseSchema = v.union([v.string(), v.looseObject({ text: v.string(), attachments: files })]);
/** An answer to any other subject would publish there with the rights of serve. */
const inbox = v.pipe(
  v.string(),
  v.regex(/^_INBOX(\.[^\s.*>]+)+$/, "the reply_subject of a query is no inbox"),
);
const QuerySchema = v.looseObject({ reply_subject: inbox, prompt: v.string() });

/** @throws CliaiError `message_invalid` for what is no piece, and for a query that cannot be answered */
export function readPiece(data: Uint8Array): HeardPiece {
  const { type, data: body } = decodeMessage(PieceSchema, data);
  switch (type) {
    case "status":
      return { type, word: checkMessage(StatusSchema, body) };
    case "response": {
      const response = checkMessage(ResponseSchema, body);
      if (typeof response === "string") return { type, text: response, files: 0 };
      return { type, text: response.text, files: response.attachments?.length ?? 0 };
    }
    case "query": {
      const { reply_subject, prompt } = checkMessage(QuerySchema, body);
      return { type, query: { replySubject: reply_subject, prompt } };
    }
    default:
      return { type: "unknown" };
  }
}

/** The answer to a query, as it is sent: plain text, unless it would be taken for an object. */
export function replyText(answer: string): string {
  return answer.trimStart().startsWith("{") ? JSON.stringify({ prompt: answer }) : answer;
}
