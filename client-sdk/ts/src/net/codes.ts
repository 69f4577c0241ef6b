// What the code of a close means (CL1, CL4 in crdt/wire/PROTOCOL.md).

// 1000 is not among them: the server sends it in answer to a close from this side, and a close from this side that the adapter did not
// begin itself comes from the browser or from something between, and says nothing about the next try.
const permanent = new Set([1002, 1003, 1007, 1008, 1009])

/** Whether the same client would be closed for the same reason again. */
export const isPermanent = (code: number): boolean => permanent.has(code) || (code >= 4400 && code <= 4499)
