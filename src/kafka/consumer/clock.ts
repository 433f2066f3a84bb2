/** Monotonic milliseconds: a step of the wall clock neither ends a wait nor stretches it. */
export type Clock = () => number
