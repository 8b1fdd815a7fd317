// What a tool is to do, for a terminal: the command, the change of a file line by line, the address, and the other fields.
import { harmless, plainLines } from "../../domain/text/harmless.ts";
import { inputLines, type PermissionInput } from "../../domain/text/permission-input.ts";
import { type Colour, paint } from "../frame/terminal.ts";

const signColours: Readonly<Record<"-" | "+" | " ", Colour | undefined>> = {
  "-": "red",
  "+": "green",
  " ": undefined,
};

/** @param color whether the lines are coloured; the signs say the same without */
export function permissionLines(input: PermissionInput, color: boolean): string[] {
  return inputLines(input).flatMap(({ sign, text }) =>
    sign === undefined
      ? plainLines(text)
      : [paint(`${sign} ${harmless(text)}`.trimEnd(), signColours[sign], color)],
  );
}
