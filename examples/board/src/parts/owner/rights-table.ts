/** Who may see and do what, as the server decides it. A test compares this with syncd/docs/roles.md. */
import type { Role } from "@tavle/client";

const members: readonly Role[] = ["resident", "connector", "matchmaker", "moderator", "ambassador", "owner", "deputy"];
const all: readonly Role[] = ["visitor", ...members];
const stewards: readonly Role[] = ["owner", "deputy"];

export interface Right {
  /** Names the sentence. */
  id: string;
  roles: readonly Role[];
  /** The row of roles.md and its column: 0 own, 1 for a neighbour, 2 of a kiosk, 3 another's. Without one it is a right over the server. */
  row?: [string, 0 | 1 | 2 | 3];
}

export const RIGHTS: readonly Right[] = [
  { id: "read", roles: all },
  { id: "post", roles: all, row: ["make a post", 0] },
  { id: "own", roles: members, row: ["change what a post says", 0] },
  { id: "proxy", roles: ["connector", "matchmaker"], row: ["make a post for a neighbour who is not online (`proxy`)", 3] },
  { id: "kiosk", roles: ["connector", "matchmaker"], row: ["change what a post says", 2] },
  { id: "neighbour", roles: ["matchmaker"], row: ["change what a post says", 1] },
  { id: "close", roles: ["matchmaker"], row: ["close a post, open it again", 3] },
  { id: "moderate", roles: ["moderator", ...stewards], row: ["hide, remove, restore and label", 3] },
  { id: "idea", roles: stewards, row: ["say what becomes of an idea", 3] },
  { id: "board", roles: stewards, row: ["change the board: name, house rules, categories, contacts, settings", 3] },
  { id: "invite", roles: ["ambassador", ...stewards] },
  { id: "members", roles: stewards },
  { id: "refused", roles: ["moderator", ...stewards] },
  { id: "numbers", roles: ["observer", ...stewards] },
];

/** Everybody who reads, and everybody of them who has an own device. */
export const EVERYBODY = all.length;
export const MEMBERS = members.length;
