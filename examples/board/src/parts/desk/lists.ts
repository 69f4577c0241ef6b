/** The desk's lists and numbers. Pure: over the posts at hand, with the time as an argument. */
import type { Offer, Post, Reply } from "@tavle/client";
import type { Calls } from "./memory";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A neighbour to tell something, and what has happened since the last call. */
export interface ToCall {
  post: Post;
  /** When they were last told; 0 for never. */
  calledAt: number;
  replies: Reply[];
  offers: Offer[];
}

/** callList: neighbours who want to hear from us, those with news first, then the one waiting longest. `mine`: only those of this desk. */
export function callList(posts: readonly Post[], calls: Calls, mine: boolean): ToCall[] {
  return posts
    .filter((p) => p.proxy && p.proxy.callBackBy !== "none" && !p.removed && (!mine || p.mine) && (p.state !== "closed" || !calls[p.id]))
    .map((post) => {
      const call = calls[post.id];
      const seen = new Set(call?.seen);
      const isNew = (x: Reply | Offer) => !x.removed && !x.mine && !seen.has(x.id);
      return { post, calledAt: call?.at ?? 0, replies: post.replies.filter(isNew), offers: post.offers.filter((o) => isNew(o) && !o.withdrawn) };
    })
    .sort((a, b) => Number(news(b) > 0) - Number(news(a) > 0) || (a.calledAt || a.post.createdAt) - (b.calledAt || b.post.createdAt));
}

/** How many new things there are to tell. */
export function news(item: ToCall): number {
  return item.replies.length + item.offers.length;
}

/** called gives the calls with one more, made now. */
export function called(calls: Calls, post: Post, now: number): Calls {
  return { ...calls, [post.id]: { at: now, seen: [...post.replies, ...post.offers].map((x) => x.id) } };
}

/** Why a request waits: nobody has said anything, only its own author has, or whoever offered has withdrawn. */
export type Reason = "silence" | "ownWords" | "withdrawn";

export function reasonOf(post: Post): Reason {
  if (post.offers.some((o) => o.withdrawn)) return "withdrawn";
  return post.replies.some((r) => !r.removed) ? "ownWords" : "silence";
}

/** Whole hours that it has waited; never below zero, whatever the clocks say. */
export function hoursWaiting(post: Post, now: number): number {
  return Math.max(0, Math.floor((now - post.createdAt) / HOUR));
}

export interface Counts {
  posts: number;
  proxy: number;
  answered: number;
  open: number;
  foundHere: number;
  foundElsewhere: number;
  /** Posts for a neighbour by who asked. */
  by: Readonly<Record<string, number>>;
}

/** countPosts of the last `days`, without removed ones. */
export function countPosts(posts: readonly Post[], days: number, now: number): Counts {
  const some = posts.filter((p) => !p.removed && p.createdAt > now - days * DAY);
  const by: Record<string, number> = {};
  for (const p of some) if (p.proxy) by[p.proxy.kind] = (by[p.proxy.kind] ?? 0) + 1;
  const count = (fits: (p: Post) => boolean) => some.filter(fits).length;
  return {
    posts: some.length,
    proxy: count((p) => p.proxy !== undefined),
    answered: count((p) => p.answered),
    open: count((p) => p.state === "open"),
    foundHere: count((p) => p.state === "closed" && p.outcome === "foundHere"),
    foundElsewhere: count((p) => p.state === "closed" && p.outcome === "foundElsewhere"),
    by,
  };
}
