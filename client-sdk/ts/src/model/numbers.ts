// What a board counts of the posts of a period; never of a person. Pure.

import type { Post } from "./schema.js"
import { byNewest, type Period } from "./views.js"

export interface Numbers {
  /** Without removed ones, as everywhere here. */
  posts: number
  /** Of these, how many somebody else answered, whenever the answer came. */
  answered: number
  /** With an accepted helper, or closed because one was found, here or elsewhere. */
  matched: number
  /** The first of their author, among the posts of the open months. */
  firstTime: number
  /** Written at a kiosk: nobody knows by whom. */
  kiosk: number
  /** For a neighbour who is not online. */
  proxy: number
  /** The same by who asked, as {@link Proxy} has it in `kind`. */
  byProxy: Record<string, number>
}

/**
 * Counts the posts of a period. A device that several people use says nothing about who writes: posts of kiosks, of desks and for
 * neighbours are nobody's first.
 */
export function numbers(all: readonly Post[], period: Period, kinds?: readonly string[]): Numbers {
  const posts = all.filter(post => !post.removed)
  const first = firstPosts(posts)
  const counted = posts.filter(
    ({ createdAt, kind }) => createdAt >= period.from && createdAt < period.to && (!kinds || kinds.length === 0 || kinds.includes(kind)),
  )
  const count = (fits: (post: Post) => boolean) => counted.filter(fits).length
  const byProxy: Record<string, number> = {}
  for (const { proxy } of counted) if (proxy) byProxy[proxy.kind] = (byProxy[proxy.kind] ?? 0) + 1
  return {
    posts: counted.length,
    answered: count(post => post.answered),
    matched: count(isMatched),
    firstTime: count(post => first.get(post.createdBy) === post.id),
    kiosk: count(post => post.origin === "kiosk" && !post.proxy),
    proxy: count(post => post.proxy !== undefined),
    byProxy,
  }
}

/** Of each author with a device of their own, the first post: the last in the order of lists. */
function firstPosts(posts: readonly Post[]): Map<string, string> {
  const own = ({ proxy, createdBy, origin }: Post) => !proxy && createdBy !== "" && origin !== "kiosk" && origin !== "desk"
  return new Map(posts.filter(own).sort(byNewest).map(post => [post.createdBy, post.id]))
}

const isMatched = (post: Post): boolean =>
  post.acceptedOffers.length > 0 || post.outcome === "foundHere" || post.outcome === "foundElsewhere"

/** A share in percent, with one decimal. Of nothing there is none. */
export const percent = (part: number, all: number): number | null => (all > 0 ? Math.round((part * 1000) / all) / 10 : null)

/** Where a number lies against a target from low to high, both in it. */
export const band = (number: number, low: number, high: number): "below" | "inside" | "above" =>
  number < low ? "below" : number > high ? "above" : "inside"
