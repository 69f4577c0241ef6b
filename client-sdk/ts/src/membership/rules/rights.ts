// Who may do what: the table by which the server judges changes (crdt/testdata/board/rights.json), so that an app offers what will be taken.
// Pure. It decides what is shown, and nothing else: the server reads what was really written.

import type { Post } from "../../model/schema.js"
import type { Role } from "./me.js"

/** How who acts stands to a post, reply or offer, or to what is moderated: it is their own, was made for a neighbour, was made at a kiosk, or is another's. */
export type Relation = "own" | "proxy" | "kiosk" | "other"

const resident: readonly Role[] = ["resident", "connector", "matchmaker", "moderator", "ambassador", "owner", "deputy"]
const writers: readonly Role[] = ["visitor", ...resident]
const desk: readonly Role[] = ["connector", "matchmaker"]
const matchmakers: readonly Role[] = ["matchmaker"]
const stewards: readonly Role[] = ["owner", "deputy"]
const moderators: readonly Role[] = ["moderator", ...stewards]

/**
 * What a change does on a board. `postForOther` makes a post for a neighbour who is not online; `editAsHelper` changes title, text, moment, place
 * or number of helpers of a post as one of its `acceptedOffers`; `editOffer` changes an offer or withdraws it; `answerOffer` accepts or declines one;
 * `closePost` closes a post or opens it again; `propose` and `agree` are of terms; `claim` takes a post over with the secret of its hand-over;
 * for `moderate` the relation is that to what is hidden, removed, restored or labelled, and nobody does that to what is their own.
 */
export type Action =
  | "post" | "postForOther" | "editPost" | "editAsHelper" | "reply" | "editReply" | "offer" | "editOffer" | "answerOffer" | "closePost"
  | "support" | "setIdea" | "propose" | "agree" | "handOver" | "claim" | "moderate" | "editBoard"

type Rule = Partial<Record<Relation, readonly Role[]>>
const always = (roles: readonly Role[]): Rule => ({ own: roles, proxy: roles, kiosk: roles, other: roles })

const table: Record<Action, Rule> = {
  post: always(writers),
  postForOther: always(desk),
  editPost: { own: resident, proxy: matchmakers, kiosk: desk },
  editAsHelper: always(resident),
  reply: always(writers),
  editReply: { own: resident },
  offer: always(writers),
  editOffer: { own: resident },
  answerOffer: { own: resident, proxy: matchmakers, kiosk: desk },
  closePost: { own: resident, proxy: matchmakers, kiosk: desk, other: matchmakers },
  support: always(writers),
  setIdea: always(stewards),
  propose: always(writers),
  agree: always(writers),
  handOver: { own: resident },
  claim: always(resident),
  moderate: { proxy: moderators, kiosk: moderators, other: moderators },
  editBoard: always(stewards),
}

/** Every action, in the order of the table. */
export const actions = Object.keys(table) as Action[]

/** Whether one of the roles may do this to what stands so to who does it; to anything, when no relation is named. */
export function allowed(roles: readonly Role[], action: Action, relation?: Relation): boolean {
  const rule = (table as Partial<Record<string, Rule>>)[action] ?? {}
  const may = relation ? (rule[relation] ?? []) : Object.values(rule).flat()
  return may.some(role => roles.includes(role))
}

/** Whether a reference in a document is that of the member, or of a visit to it. */
export const owns = (member: string, ref: string): boolean => member !== "" && (ref === member || ref.startsWith(`${member}.`))

/** How a member stands to a post. */
export function relationTo(post: Pick<Post, "heldBy" | "createdBy" | "proxy" | "origin">, member: string): Relation {
  if (owns(member, post.heldBy)) return "own"
  if (post.heldBy !== post.createdBy) return "other"
  if (post.proxy) return "proxy"
  return post.origin === "kiosk" ? "kiosk" : "other"
}
