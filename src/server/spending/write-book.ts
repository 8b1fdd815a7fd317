// Writes what has changed in a book to the store, takes what another serve has written meanwhile, and erases what others include.
import type { SessionSpending } from "../../domain/spending/session-spending.ts";
import type { SpendingBook } from "./spending-book.ts";
import type { SpendingStore } from "./spending-store.ts";

/** @param upTo the sequence of AUDIT up to which the book includes all reports @throws CliaiError if the store takes nothing */
export async function writeBook(book: SpendingBook, store: SpendingStore, upTo: number): Promise<void> {
  const [writing, included] = [book.changed(), book.gone()];
  for (const session of writing) {
    const present = await store.write(session);
    book.noteWritten(session);
    if (present?.includes !== undefined) await adoptFolded(book, store, present);
    else if (present !== undefined) adopt(book, present);
  }
  await store.writeCursor(upTo);
  // By now, the stored sessions include all of them.
  const gone = new Set(book.gone());
  const erased = included.filter((session) => gone.has(session));
  await store.erase(erased);
  book.noteErased(erased);
}

function adopt(book: SpendingBook, present: SessionSpending): void {
  const own = book.of(present.agent_id).get(present.session);
  if (own !== undefined && own.audit_seq < present.audit_seq) book.put(present);
}

/** Takes old sessions that another serve has put together. What only ours includes counts by itself again, if it is stored. */
async function adoptFolded(book: SpendingBook, store: SpendingStore, present: SessionSpending) {
  const { agent_id, session, includes = [] } = present;
  const ours = book.of(agent_id);
  const onlyOurs = () => {
    const names = new Set(ours.get(session)?.includes?.filter((name) => !includes.includes(name)));
    return book.gone().filter((each) => each.agent_id === agent_id && names.has(each.session));
  };
  const erased: SessionSpending[] = [];
  for (const each of onlyOurs()) if (!(await store.has(each))) erased.push(each);
  const back = onlyOurs().filter((each) => !erased.includes(each));
  const own = ours.get(session);
  if (own !== undefined) book.noteWritten(own);
  book.put(present);
  for (const name of includes) {
    const included = ours.get(name);
    if (included !== undefined) book.drop(included);
  }
  book.noteErased([...erased, ...back]);
  for (const each of back) book.change(each);
}
