// This room holds programs with nothing of ours inside. The bench compiles them as its limits.
//
// An empty program. The bench compiles it, to know the size of Bun alone.
export {};
