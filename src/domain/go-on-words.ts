// The prompt that tells an agent to go on, when it is launched again after its turn was cut off. The host recognises this prompt, because
// its turn is about the tasks that the session had before.

export const goOnWords = "You were cut off, and have been started again. Go on where you were.";
