// Colours the syntax of lines. What the library finds is read as pieces of text with the names of their colours, and its HTML reaches no page.
import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import graphql from "highlight.js/lib/languages/graphql";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import perl from "highlight.js/lib/languages/perl";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** A piece of a line, in one colour. */
export interface Piece {
  readonly text: string;
  /** Undefined for the colour of plain text. */
  readonly colour?: string;
}

/** Longer lines, such as those of minified scripts, are not coloured: nobody reads them. */
const longestLine = 1_000;
/** So much text is coloured at once. The time for some texts grows with the fourth power of their length, and nothing else runs meanwhile. */
const mostAtOnce = 2_000;

const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  graphql,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  markdown,
  perl,
  php,
  powershell,
  python,
  r,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};
for (const [name, language] of Object.entries(languages)) highlighter.registerLanguage(name, language);

/** The ends of files' names, and whole names, that the library's own names and aliases do not have. */
const others: Readonly<Record<string, readonly string[]>> = {
  javascript: ["cjs", "mjs"],
  typescript: ["cts", "mts"],
  json: ["jsonc", "json5"],
  c: ["h", "m"],
  cpp: ["hh", "hpp", "cxx", "mm"],
  css: ["less", "scss"],
  python: ["pyi"],
  ruby: ["rake", "Gemfile", "Rakefile"],
  xml: ["svg", "vue", "html", "xhtml"],
  ini: ["toml", "cfg", "conf", ".gitconfig", ".editorconfig"],
  markdown: ["mdx"],
  bash: ["zsh", "fish", "ksh", ".bashrc", ".zshrc", ".profile"],
  kotlin: ["kts"],
  graphql: ["gql"],
  makefile: ["Makefile", "GNUmakefile"],
  dockerfile: ["Dockerfile"],
};
const byName = new Map(
  Object.entries(others).flatMap(([language, names]) => names.map((name) => [name, language])),
);

/** The library's name of the language that a file is in; undefined if it has none. */
export function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const end = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "";
  const language = byName.get(name) ?? byName.get(end) ?? end;
  return language !== "" && highlighter.getLanguage(language) !== undefined ? language : undefined;
}

/** The lines in pieces; each line in one piece without a language. */
export function colourLines(lines: readonly string[], language: string | undefined): Piece[][] {
  return [...colourParts(lines, () => language)].flat();
}

/**
 * The lines in pieces, some lines after the other. A text or comment that goes over the end of such a part is not known for one in the next.
 * @param languageFor is asked for each part; undefined leaves it plain. `characters`: how long it is
 */
export function* colourParts(
  lines: readonly string[],
  languageFor: (characters: number) => string | undefined,
): Generator<Piece[][]> {
  for (const part of partsOf(lines)) {
    const length = part.reduce((sum, line) => sum + line.length + 1, 0);
    const isPlain = part.some((line) => line.length > longestLine || line.includes("\n"));
    const language = isPlain ? undefined : languageFor(length);
    yield language === undefined ? part.map((text) => [{ text }]) : colourPart(part, language);
  }
}

/** Parts end after an empty line, if there is one in their second half: nothing ends there as often as there. */
function* partsOf(lines: readonly string[]): Generator<readonly string[]> {
  let [from, length, best] = [0, 0, 0];
  for (let at = 0; at < lines.length; at++) {
    const own = (lines[at] ?? "").length + 1;
    if (length + own > mostAtOnce && at > from) {
      const end = best > from ? best : at;
      yield lines.slice(from, end);
      [from, best] = [end, 0];
      length = lines.slice(from, at).reduce((sum, line) => sum + line.length + 1, 0);
    }
    length += own;
    if (length > mostAtOnce / 2 && lines[at]?.trim() === "") best = at + 1;
  }
  if (from < lines.length) yield lines.slice(from);
}

function colourPart(lines: readonly string[], language: string): Piece[][] {
  const text = lines.join("\n");
  const found: Piece[][] = [[]];
  const add = (value: string, colour: string | undefined) => {
    for (const [index, part] of value.split("\n").entries()) {
      if (index > 0) found.push([]);
      if (part !== "") found.at(-1)?.push({ text: part, ...(colour === undefined ? {} : { colour }) });
    }
  };
  const open: (string | undefined)[] = [];
  // It is asked for HTML, which has nothing but text and these two tags.
  const { value } = highlighter.highlight(text, { language, ignoreIllegals: true });
  for (const part of value.split(/(<span class="[^"]*">|<\/span>)/)) {
    const [, name] = /^<span class="(?:hljs-)?([^" ]*)/.exec(part) ?? [];
    if (name !== undefined) open.push(colours[name] ?? open.at(-1));
    else if (part === "</span>") open.pop();
    else add(withoutEntities(part), open.at(-1));
  }
  return found;
}

const entities: Readonly<Record<string, string>> = {
  ...{ "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" },
};

function withoutEntities(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => entities[entity] ?? entity);
}

/** The colours that the style has, by the library's names. */
const colours: Readonly<Record<string, string>> = {
  ...{ comment: "c", quote: "c", meta: "c", doctag: "c" },
  ...{ keyword: "k", built_in: "k", literal: "k", "selector-tag": "k", name: "k", tag: "k" },
  ...{ string: "s", regexp: "s", link: "s", char: "s" },
  ...{ number: "n", symbol: "n", bullet: "n" },
  ...{ title: "t", section: "t", type: "t", class: "t", "selector-class": "t", "selector-id": "t" },
  ...{ attr: "a", attribute: "a", property: "a", variable: "a", params: "a", "template-variable": "a" },
};
