// What is computed over many posts. Pure.

import { words, fold } from "./words.js"
import type { Post } from "./schema.js"
import { dayMillis, hourMillis } from "./time.js"
import { compareText } from "./values.js"

/** Which posts a list holds. What is not named does not matter; removed and hidden posts are never in it. */
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
}

export function matches(post: Post, filter: Filter): boolean {
  const state = filter.state ?? "open"
  return (
    !post.removed && !post.hidden &&
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

const indexed = new WeakMap<Post, { title: string[]; rest: string[] }>()

function indexOf(post: Post): { title: string[]; rest: string[] } {
  let index = indexed.get(post)
  if (!index) {
    const rest = [post.body, post.place, post.author, post.code, ...post.tags, ...post.replies.map(reply => reply.body)]
    index = { title: words(post.title), rest: rest.flatMap(part => words(part ?? "")) }
    indexed.set(post, index)
  }
  return index
}

/** Posts in which every word of a query begins a word; those with more hits in the title come first, then the newest. */
export function search(posts: readonly Post[], query: string, filter: Filter = {}): Post[] {
  const wanted = words(query)
  const found: { post: Post; score: number }[] = []
  for (const post of posts) {
    if (!matches(post, filter)) continue
    const { title, rest } = indexOf(post)
    let score = 0
    const all = wanted.every(word => {
      const inTitle = title.some(own => own.startsWith(word))
      if (inTitle) score++
      return inTitle || rest.some(own => own.startsWith(word))
    })
    if (all) found.push({ post, score })
  }
  return found.sort((a, b) => b.score - a.score || byNewest(a.post, b.post)).map(({ post }) => post)
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
