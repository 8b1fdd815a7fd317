// Reads from the bytes of a Go program which modules are in it. Go writes that into each program.

export interface GoModule {
  /** Such as `golang.org/x/sys`. */
  readonly path: string;
  /** Without a leading `v`. */
  readonly version: string;
  /** The hash of the module's source, such as `h1:…=`; undefined for the program's own module. */
  readonly sum?: string;
}

/** Sorted by path; empty for a program without that information. */
export function goModulesOf(bytes: Uint8Array): GoModule[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const list = /path\t[^\n\t]{1,200}\n((?:(?:mod|dep)\t[^\n]{1,300}\n)+)/.exec(text)?.[1] ?? "";
  const modules = list.split("\n").flatMap((line): GoModule[] => {
    const [, path = "", version = "", sum = ""] = line.split("\t");
    return version.startsWith("v") ? [{ path, version: version.slice(1), ...(sum && { sum }) }] : [];
  });
  return modules.sort((a, b) => (a.path < b.path ? -1 : 1));
}
