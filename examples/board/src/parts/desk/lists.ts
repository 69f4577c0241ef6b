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
  /** Closed, or handed over. */
  ended: boolean;
  /** They want to hear from us, and have not been told of the end yet. */
  toTell: boolean;
  replies: Reply[];
  offers: Offer[];
}

/** Those of this desk, of all desks, or those that have come to an end: closed, or in the neighbour's own hands. */
export type Whose = "mine" | "all" | "ended";

/** isHandedOver: the neighbour has taken it; it is no longer the desk's to change. */
export function isHandedOver(post: Post): boolean {
  return post.proxy !== undefined && post.heldBy !== post.createdBy;
}

/** isOffered: a slip with the secret is out, and nobody has come with it yet. */
export function isOffered(post: Post): boolean {
  return post.handovers.length > 0 && !isHandedOver(post);
}

/** What was made at the end of a post and has to be told: closings that stand, and the neighbour's taking over. */
function endings(post: Post): string[] {
  const closings = post.closings.filter((c) => !c.reopened).map((c) => c.id);
  return isHandedOver(post) ? [...closings, `held:${post.heldBy}`] : closings;
}

/**
 * callList: neighbours who want to hear from us, those with news first, then the one waiting longest; after them those who want no call,
 * for as long as their post has not ended. `here` is the reference of this desk.
 */
export function callList(posts: readonly Post[], calls: Calls, whose: Whose, here: string): ToCall[] {
  const fits = (p: Post) => p.proxy && !p.removed && (whose === "all" || p.createdBy === here);
  return posts
    .filter(fits)
    .map((post) => {
      const call = calls[post.id];
      const seen = new Set(call?.seen);
      const ended = post.state === "closed" || isHandedOver(post);
      const isNew = (x: Reply | Offer) => !x.removed && x.createdBy !== post.createdBy && !seen.has(x.id) && !isHandedOver(post);
      const toTell = post.proxy?.callBackBy !== "none" && !(ended && call && endings(post).every((id) => seen.has(id)));
      return { post, calledAt: call?.at ?? 0, ended, toTell, replies: post.replies.filter(isNew), offers: post.offers.filter((o) => isNew(o) && !o.withdrawn) };
    })
    .filter((x) => (whose === "ended" ? x.ended : x.toTell || !x.ended))
    .sort((a, b) => Number(b.toTell) - Number(a.toTell) || Number(news(b) > 0) - Number(news(a) > 0) || (a.calledAt || a.post.createdAt) - (b.calledAt || b.post.createdAt));
}

/** How many new things there are to tell. */
export function news(item: ToCall): number {
  return item.replies.length + item.offers.length;
}

/** called gives the calls with one more, made now. */
export function called(calls: Calls, post: Post, now: number): Calls {
  return { ...calls, [post.id]: { at: now, seen: [...[...post.replies, ...post.offers].map((x) => x.id), ...endings(post)] } };
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
