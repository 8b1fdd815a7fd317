/** @jsxImportSource hono/jsx */
// The error page: what went wrong, and where to go next.
import type { HttpError } from "../api/http-errors.ts";

export interface ErrorPageProps {
  readonly error: HttpError;
  /** The agents that the person may have meant. */
  readonly near: readonly string[];
}

export function ErrorPage({ error: { status, message, hint }, near }: ErrorPageProps) {
  return (
    <section class="empty" aria-labelledby="title-error">
      <p class="quiet">{status}</p>
      <h1 id="title-error">{message}</h1>
      {near.length > 0 ? (
        <>
          <p>Did you mean</p>
          <ul class="near">
            {near.map((id) => (
              <li>
                <a href={`/agents/${id}`}>{id}</a>
              </li>
            ))}
          </ul>
        </>
      ) : (
        hint !== undefined && <p>{hint}</p>
      )}
      <p>
        <a href="/">See the fleet</a>
      </p>
    </section>
  );
}
