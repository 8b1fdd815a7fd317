// Reads which files a tool call changes, from the input of the tool. Each CLI's folder says which of its tools change files, and in which fields
// they name them. Pure.

/** By the name of the tool: the fields that name the files, or `patch` if a field has a patch. */
export type ChangingTools = Readonly<Record<string, readonly string[] | "patch">>;

/** The files that the call changes, as the CLI names them; undefined for a tool that changes none by itself, such as a shell. */
export function changedFiles(tools: ChangingTools, name: string, input: unknown): string[] | undefined {
  const how = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (how === undefined) return undefined;
  return how === "patch" ? patchedIn(input) : textsIn(input, how);
}

/** The lines of a patch that name a file. Codex, OpenCode and Copilot CLI take patches of this form. */
const patchLine = /^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+?)\s*$/gm;

/** The files that the patches in the input change: the input itself, or any of its fields, may be one. */
export function patchedIn(input: unknown): string[] {
  const texts = typeof input === "object" && input !== null ? Object.values(input) : [input];
  return texts.flatMap((text) =>
    typeof text === "string" ? [...text.matchAll(patchLine)].flatMap(([, path]) => path ?? []) : [],
  );
}

/** The texts in these fields of a tool's input; none for an input of another form. */
export function textsIn(input: unknown, names: readonly string[]): string[] {
  if (typeof input !== "object" || input === null) return [];
  const fields = input as Readonly<Record<string, unknown>>;
  return names.flatMap((name) => {
    const value = fields[name];
    return typeof value === "string" && value !== "" ? value : [];
  });
}
