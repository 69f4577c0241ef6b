// What the code of a close means (CL1, CL4 in crdt/wire/PROTOCOL.md).

const permanent = new Set([1000, 1002, 1003, 1007, 1008, 1009])

/** Whether the same client would be closed for the same reason again. */
export const isPermanent = (code: number): boolean => permanent.has(code) || (code >= 4400 && code <= 4499)
