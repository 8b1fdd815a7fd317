/** @jsxImportSource hono/jsx */
// What a phone shows that has scanned the QR code of `cliai serve --phone`: the button that signs it in.
import { pairedScopes } from "../../../domain/access/token-scopes.ts";
import { BareFrame } from "../bare-page.tsx";

export function PairPage({ code }: { readonly code: string }) {
  return (
    <BareFrame title="Sign this device in">
      <section class="empty" aria-labelledby="title-pair">
        <h1 id="title-pair">Sign this device in?</h1>
        <p>
          It may then see all agents, answer what they ask, give them orders, and launch new ones (
          {pairedScopes.join(", ")}), until you sign it out with <code>cliai token revoke</code>.
        </p>
        <form method="post" action="/pair">
          <input type="hidden" name="code" value={code} />
          <button type="submit" class="primary">
            Sign in
          </button>
        </form>
        <p class="quiet">The code works once, within ten minutes after it was shown.</p>
      </section>
    </BareFrame>
  );
}
