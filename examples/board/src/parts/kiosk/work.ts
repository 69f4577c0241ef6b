/** What a person at the kiosk is writing. Lives in memory only, and goes with the session or under a slip code. */
import type { Draft } from "@tavle/client";

export type Work =
  | { what: "post"; draft: Draft }
  /** An answer to a post: the name is typed for this one act. Its id is fixed like a draft's: sending it twice makes one. */
  | { what: "reply" | "help"; id: string; post: string; title: string; body: string; author: string };

/** idOf: of the post or the answer that it becomes. */
export function idOf(work: Work): string {
  return work.what === "post" ? work.draft.id : work.id;
}

/** upon puts a work on top of those that were begun before, which stay as long as something stands in them. */
export function upon(works: readonly Work[], work: Work): readonly Work[] {
  return [...works.filter((w) => !empty(w) && idOf(w) !== idOf(work)), work];
}

/** empty: nothing has been written that would be missed. */
export function empty(work: Work | null): boolean {
  if (!work) return true;
  const { body, author } = work.what === "post" ? work.draft : work;
  const title = work.what === "post" ? work.draft.title : "";
  return `${title}${body}${author}`.trim() === "";
}

/** Fields that neither the browser nor a dictionary remembers. */
export const forgetful = { autoComplete: "off", autoCorrect: "off", spellCheck: false, "data-1p-ignore": true, "data-lpignore": "true" } as const;
