/** @jsxImportSource hono/jsx */
// What a tool is to do, as a person reads it: the command, the change of a file line by line, the address. The whole input is one click away.

import { harmless } from "../../../domain/text/harmless.ts";
import {
  changedLines,
  type PermissionInput,
  type TextChange,
} from "../../../domain/text/permission-input.ts";

/** In characters. The whole input is one click away. */
const longestOther = 300;

interface PermissionInputProps {
  /** Of another form than the known ones, it is only shown whole. */
  readonly input: PermissionInput | { readonly kind: "other"; readonly others: readonly string[] };
  /** The whole input. */
  readonly json: string;
}

export function PermissionInputView({ input, json }: PermissionInputProps) {
  return (
    <>
      {input.kind === "command" && <Box label="The command">{visible(input.command)}</Box>}
      {input.kind === "address" && <Box label="The address">{visible(input.url)}</Box>}
      {input.kind === "edit" && (
        <>
          <p class="edited">
            <code>{visible(input.path)}</code>
          </p>
          {input.changes.map((change) => (
            <Change change={change} />
          ))}
        </>
      )}
      {input.others.length > 0 && (
        <ul class="others">
          {input.others.map((other) => (
            <li>
              <code>
                {visible(other.length > longestOther ? `${other.slice(0, longestOther)} …` : other)}
              </code>
            </li>
          ))}
        </ul>
      )}
      <details class="whole-input" open={input.kind === "other"}>
        <summary>The whole input</summary>
        <Box label="The exact input">{json}</Box>
      </details>
    </>
  );
}

/** Can be focused with the keyboard, because a long text scrolls in it. Not a landmark, because a page has many. */
function Box({ label, children }: { label: string; children: unknown }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
    <div role="group" class="asked input" aria-label={label} tabindex={0}>
      {children}
    </div>
  );
}

const signWords = { "-": "taken away: ", "+": "put in: ", " ": "" } as const;
const signClasses = { "-": "gone", "+": "new", " ": undefined } as const;

function Change({ change }: { change: TextChange }) {
  const lines = changedLines(change);
  return (
    <Box label="The change">
      {lines.length === 0 && "an empty file"}
      {lines.map(({ sign, text }) => (
        <span class={signClasses[sign]}>
          <span aria-hidden="true">{sign} </span>
          <span class="unseen">{signWords[sign]}</span>
          {harmless(text)}
          {"\n"}
        </span>
      ))}
    </Box>
  );
}

/** Line by line, because line feeds stay. */
function visible(text: string): string {
  return text.split("\n").map(harmless).join("\n");
}
