import type { Post } from "@tavle/client";

const chosen = new Set(["title", "place", "author", "urgency", "lang", "lost", "item.action", "body", "when.start", "when.end", "when.repeat", "when.note"]);

/** hasVersions: a field that people read has several values. When a post was made twice, the moments of making differ too: nobody has to choose there. */
export function hasVersions(post: Pick<Post, "conflicts">): boolean {
  return Object.keys(post.conflicts).some((field) => chosen.has(field));
}
