// What is computed over many posts. Pure.

import { parseCode } from "./ids.js"
import { words, fold } from "./words.js"
import type { Post } from "./schema.js"
import { dayMillis, hourMillis } from "./time.js"
import { compareText } from "./values.js"

/** Which posts a list holds. What is not named does not matter. Hidden posts are in it, and say so. */
export interface Filter {
  kinds?: readonly string[]
  /** As it stands in the post, but for case and accents. */
  place?: string
  /** By default `open`: with `expired` and `closed` left out. */
  state?: "open" | "closed" | "expired" | "all"
  mine?: boolean
  lang?: string
  category?: string
  tag?: string
  /** Reference of a device or member. */
  createdBy?: string
  /** Removed posts too. */
  removed?: boolean
}

export function matches(post: Post, filter: Filter): boolean {
  const state = filter.state ?? "open"
  return (
    (filter.removed || !post.removed) &&
    (!filter.createdBy || post.createdBy === filter.createdBy) &&
    (!filter.kinds || filter.kinds.length === 0 || filter.kinds.includes(post.kind)) &&
    (state === "all" || post.state === state) &&
    (!filter.mine || post.mine) &&
    (!filter.lang || post.lang === filter.lang) &&
    (!filter.category || post.categories.includes(filter.category)) &&
    (!filter.tag || post.tags.includes(filter.tag)) &&
    (!filter.place || fold(post.place ?? "") === fold(filter.place))
  )
}

/** Newest first; posts of the same moment by id. */
export const byNewest = (a: Post, b: Post): number => compareText(b.time, a.time) || compareText(a.id, b.id)

const indexed = new WeakMap<Post, string[]>()

function wordsOf(post: Post): string[] {
  let index = indexed.get(post)
  if (!index) {
    const { title, body, place, author, code, tags, replies } = post
    index = words([title, body, place ?? "", author, code, ...tags, ...replies.map(reply => reply.body)].join("\n"))
    indexed.set(post, index)
  }
  return index
}

/** Posts in which every word of a query begins a word, in the order that they came in. */
export function search(posts: readonly Post[], query: string, filter: Filter = {}): Post[] {
  const wanted = words(query)
  const found = (post: Post) => wanted.every(word => wordsOf(post).some(own => own.startsWith(word)))
  return posts.filter(post => matches(post, filter) && found(post))
}

/** Posts with a post code, as a person said or typed it; several if they share it. Removed posts are among them. */
export function byCode(posts: readonly Post[], said: string): Post[] {
  const code = parseCode(said)
  return posts.filter(post => post.code === code)
}

/**
 * Open requests, companions, items sought and questions that nobody else answered, newest first: those older than some hours, and
 * those labelled more than a day in the future, whose device had a wrong clock.
 */
export function unanswered(posts: readonly Post[], now: number, hours: number): Post[] {
  const due = (at: number) => at < now - hours * hourMillis || at > now + dayMillis
  return posts.filter(post => post.state === "open" && !post.removed && wantsAnswer(post) && !post.answered && due(post.createdAt))
}

const wantsAnswer = (post: Post): boolean =>
  ["request", "companion", "question"].includes(post.kind) || (post.kind === "item" && post.item?.action === "seek")

/** Moments in milliseconds since 1970; `from` is in it, `to` is not. */
export interface Period {
  from: number
  to: number
}

/** Of the posts of a period, how many somebody else answered. Without removed ones. */
export function replyRate(posts: readonly Post[], period: Period, kinds?: readonly string[]): { answered: number; all: number } {
  const counted = posts.filter(
    post => !post.removed && post.createdAt >= period.from && post.createdAt < period.to && (!kinds || kinds.includes(post.kind)),
  )
  return { answered: counted.filter(post => post.answered).length, all: counted.length }
}

const alike = 0.34 // of the fewer words of two posts, how many they share
const wordMin = 4 // shorter words say little

/** Open posts of the same kind that say much the same as a draft; the most alike first. */
export function similar(posts: readonly Post[], draft: { id?: string; kind: string; title: string; body: string }): Post[] {
  const telling = (texts: string[]) => new Set(texts.flatMap(words).filter(word => word.length >= wordMin))
  const own = telling([draft.title, draft.body])
  if (own.size === 0) return []
  return posts
    .filter(post => post.id !== draft.id && post.kind === draft.kind && matches(post, {}))
    .map(post => {
      const other = telling([post.title, post.body])
      const shared = [...own].filter(word => other.has(word)).length
      return { post, share: shared / Math.max(1, Math.min(own.size, other.size)) }
    })
    .filter(({ share }) => share >= alike)
    .sort((a, b) => b.share - a.share || byNewest(a.post, b.post))
    .map(({ post }) => post)
}
