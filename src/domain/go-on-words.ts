// The words by which an agent that was cut off in a turn is told to go on when it is launched again. The host recognises them: a turn that
// has begun with them is about the tasks that the session had before.

export const goOnWords = "You were cut off, and have been started again. Go on where you were.";
