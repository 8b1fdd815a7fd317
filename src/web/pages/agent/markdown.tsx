/** @jsxImportSource hono/jsx */
// Shows a text that a model wrote as markdown. The text is hostile: marked only reads it, and each of its tokens becomes one of the elements
// below, whose texts hono/jsx escapes. So HTML in the text is shown as text, an image becomes a link, and no address but http, https and
// mailto becomes a link.
import type { Child } from "hono/jsx";
import { lexer, type Token, type Tokens } from "marked";

/** A longer text is shown as it is: how long marked 18.2.1 takes grows with the square of the length of a hostile text (85 ms for 8,000). */
const mostRead = 8_000;
/** Tokens that are nested deeper are shown as they were written. */
const deepest = 24;

/** Shows texts as markdown until all together have taken this long, and the others as they are. One for each page. */
export function createMarkdown(budgetMs = 300): (text: string) => Child {
  let leftMs = budgetMs;
  return (text) => {
    if (text.length > mostRead || leftMs <= 0) return <PlainText text={text} />;
    const began = performance.now();
    try {
      return <div class="markdown">{blocks(lexer(text, { gfm: true }), 0)}</div>;
    } catch {
      return <PlainText text={text} />; // marked fails on some texts that are nested very deeply
    } finally {
      leftMs -= performance.now() - began;
    }
  };
}

export function PlainText({ text }: { text: string }) {
  return <div class="plain-text">{text}</div>;
}

function blocks(tokens: readonly Token[] | undefined, depth: number): Child[] {
  return (tokens ?? []).map((token) => (depth > deepest ? token.raw : block(token, depth + 1)));
}

function block(token: Token, depth: number): Child {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      // The page has its own headings; these are only words that stand out.
      return <p class="md-heading">{inline(token.tokens, depth)}</p>;
    case "paragraph":
      return <p>{inline(token.tokens, depth)}</p>;
    case "text":
      return token.tokens === undefined ? token.text : inline(token.tokens, depth);
    case "code":
      return (
        <pre>
          <code>{token.text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocks(token.tokens, depth)}</blockquote>;
    case "hr":
      return <hr />;
    case "list":
      return list(token as Tokens.List, depth);
    case "table":
      return table(token as Tokens.Table, depth);
    case "checkbox":
      return token.checked === true ? "☑ " : "☐ ";
    default:
      return inlineToken(token, depth);
  }
}

function list({ ordered, start, items }: Tokens.List, depth: number): Child {
  const rows = items.map(({ tokens }) => <li>{blocks(tokens, depth)}</li>);
  if (!ordered) return <ul>{rows}</ul>;
  return <ol start={typeof start === "number" && start < 1_000_000 ? start : 1}>{rows}</ol>;
}

function table({ header, rows }: Tokens.Table, depth: number): Child {
  return (
    <div class="scrolls" tabindex={0}>
      <table>
        <thead>
          <tr>
            {header.map(({ tokens }) => (
              <th scope="col">{inline(tokens, depth)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map(({ tokens }) => (
                <td>{inline(tokens, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[] | undefined, depth: number): Child[] {
  return (tokens ?? []).map((token) => (depth > deepest ? token.raw : inlineToken(token, depth + 1)));
}

function inlineToken(token: Token, depth: number): Child {
  switch (token.type) {
    case "text":
    case "escape":
      return "tokens" in token && token.tokens !== undefined ? inline(token.tokens, depth) : token.text;
    case "strong":
      return <strong>{inline(token.tokens, depth)}</strong>;
    case "em":
      return <em>{inline(token.tokens, depth)}</em>;
    case "del":
      return <s>{inline(token.tokens, depth)}</s>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <SafeLink href={token.href}>{inline(token.tokens, depth)}</SafeLink>;
    case "image":
      return <SafeLink href={token.href}>image: {token.text === "" ? token.href : token.text}</SafeLink>;
    case "checkbox":
      return token.checked === true ? "☑ " : "☐ ";
    default:
      // HTML, and what a later marked may know.
      return token.raw;
  }
}

/** A link that a model wrote: it tells the other site nothing of this page. An address of another kind is shown as text. */
function SafeLink({ href, children }: { href: string; children?: Child }) {
  if (!isSafe(href)) {
    return (
      <>
        {children} ({href})
      </>
    );
  }
  return (
    <a href={href} rel="noreferrer noopener nofollow" target="_blank">
      {children}
    </a>
  );
}

function isSafe(href: string): boolean {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(href).protocol);
  } catch {
    return false; // a path: it would lead to a page of this server
  }
}
