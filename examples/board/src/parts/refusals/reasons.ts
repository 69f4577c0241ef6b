/** The reasons of refusals that this version has a sentence for; the codes are the server's. */
export const REASONS: ReadonlySet<string> = new Set([
  "notMember", "roleMayNot", "notYours", "forged", "incomplete", "actorOfAnother", "setOnce", "neverDeleted", "takenId", "genesisOnly",
  "unknownPlace", "wrongType", "badId", "tooLong", "tooMany", "identityNumber", "contactData", "wrongSecret", "alreadyClaimed",
]);
