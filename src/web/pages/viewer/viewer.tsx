/** @jsxImportSource hono/jsx */
// This room marks what whoever looks at a page may not do: each form and link that acts asks here.
//
// Who looks at the page that is being made, and what their token does not allow. The server refuses it anyway; here it is said before it is pressed.
import { type Child, createContext, useContext } from "hono/jsx";
import {
  type NamedToken,
  scopesFor,
  signatureOf,
  type TokenScope,
} from "../../../domain/access/token-scopes.ts";
import type { Caller } from "../../access/caller.ts";

const Viewer = createContext<Caller>(undefined);

/** The children, as this viewer sees them. */
export function SeenBy({ viewer, children }: { viewer: Caller; children: Child }) {
  return <Viewer.Provider value={viewer}>{children}</Viewer.Provider>;
}

/** The markup of a part of a page, as this viewer sees it. A text is markup already. */
export function markupFor(viewer: Caller, part: Child): string {
  return typeof part === "string" ? part : String(<SeenBy viewer={viewer}>{part}</SeenBy>);
}

/** Whoever looks at the page; undefined for the operator, who may do everything. */
export function useViewer(): Caller {
  return useContext(Viewer);
}

/** Why the viewer may not send this request; undefined if they may. */
export function whyMayNot(viewer: Caller, method: "GET" | "POST", path: string): string | undefined {
  if (viewer === undefined) return undefined;
  const wanted = scopesFor(method, path, viewer.browser);
  return wanted.some((scope) => viewer.scopes.includes(scope)) ? undefined : whyNot(viewer, wanted);
}

function whyNot(viewer: NamedToken, wanted: readonly TokenScope[]): string {
  if (wanted.length === 0)
    return `${signatureOf(viewer)} may not do this: only the operator's own browser may.`;
  return `${signatureOf(viewer)} may not do this: it needs the scope ${wanted.join(" or ")}.`;
}
