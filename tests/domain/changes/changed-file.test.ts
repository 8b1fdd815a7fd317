import { expect, test } from "bun:test";
import { countLines, parseChangedFiles } from "../../../src/domain/changes/changed-file.ts";

test("parseChangedFiles() reads states, renames, links, binary files and counts", () => {
  const output = [
    ":000000 100644 0000 aaaa A\0new.txt\0",
    ":100644 100644 aaaa bbbb R087\0old.txt\0name\twith\ttabs.txt\0",
    ":100644 100755 aaaa aaaa M\0run.sh\0",
    ":100644 120000 aaaa bbbb T\0link\0",
    ":160000 160000 aaaa bbbb M\0module\0",
    ":100644 000000 aaaa 0000 D\0logo.png\0",
    ...["3\t0\tnew.txt\0", "1\t2\t\0old.txt\0name\twith\ttabs.txt\0", "0\t0\trun.sh\0"],
    ...["1\t1\tlink\0", "1\t1\tmodule\0", "-\t-\tlogo.png\0"],
  ].join("");
  const files = parseChangedFiles(output);
  expect(files).toEqual([
    { path: "new.txt", state: "added", seen: "0000..aaaa", added: 3, deleted: 0 },
    {
      ...{ path: "name\twith\ttabs.txt", old_path: "old.txt", state: "renamed", seen: "aaaa..bbbb" },
      ...{ added: 1, deleted: 2 },
    },
    { path: "run.sh", state: "modified", executable: true, seen: "aaaa..aaaa", added: 0, deleted: 0 },
    { path: "link", state: "type_changed", kind: "symlink", seen: "aaaa..bbbb", added: 1, deleted: 1 },
    { path: "module", state: "modified", kind: "submodule", seen: "aaaa..bbbb", added: 1, deleted: 1 },
    { path: "logo.png", state: "deleted", seen: "aaaa..0000", is_binary: true },
  ]);
  expect(countLines(files)).toEqual({ added: 6, deleted: 4 });
  expect(parseChangedFiles("")).toEqual([]);
});
