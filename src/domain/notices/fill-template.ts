// Fills a template: JSON whose texts have placeholders such as {title}. Pure.

export type Fields = Readonly<Record<string, string>>;

const placeholder = /\{([a-z][a-z0-9_]*)\}/g;

/** Replaces each placeholder in the texts of a JSON value, not in its keys. A placeholder without a field stays as it is. */
export function fillTemplate(template: unknown, fields: Fields): unknown {
  if (typeof template === "string") {
    return template.replaceAll(placeholder, (whole, name: string) =>
      Object.hasOwn(fields, name) ? (fields[name] ?? "") : whole,
    );
  }
  if (Array.isArray(template)) return template.map((each) => fillTemplate(each, fields));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [key, fillTemplate(value, fields)]),
  );
}

/** The names of the placeholders in a JSON value. */
export function placeholdersIn(template: unknown): ReadonlySet<string> {
  if (typeof template === "string")
    return new Set([...template.matchAll(placeholder)].map(([, name = ""]) => name));
  if (typeof template !== "object" || template === null) return new Set();
  return new Set(Object.values(template).flatMap((each) => [...placeholdersIn(each)]));
}

/** The fields with each of these characters replaced, for a service that reads markup in a text. */
export function escapeFields(fields: Fields, escapes: Fields): Fields {
  const characters = Object.keys(escapes);
  if (characters.length === 0) return fields;
  const escaped = (text: string) =>
    [...text]
      .map((character) => (Object.hasOwn(escapes, character) ? escapes[character] : character))
      .join("");
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, escaped(text)]));
}
