// A page tells serve that a person has it in front of them, and that it went.

/** Is told of it. It never fails: what is not known is told elsewhere once more than needed. */
export type NoteInFront = (page: string, isUsed: boolean) => Promise<void>;
