import type { Post } from "@tavle/client";

/** What several people prepare together: whoever was accepted as a helper may change it too. */
const together = new Set(["event", "arrangement"]);

/** mayEdit: the author, and for an event or an agreement the helpers that were accepted from this device. */
export function mayEdit(post: Post): boolean {
  return post.mine || helpsPrepare(post);
}

/** helpsPrepare: not the author, and all the same one of those who prepare it. */
export function helpsPrepare(post: Post): boolean {
  return !post.mine && together.has(post.kind) && post.acceptedOffers.some((o) => o.mine);
}
