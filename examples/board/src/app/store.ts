/** Small things that this device remembers for the phone: drafts by board. Never used by the kiosk. */

export interface StoredDraft {
  /** The SDK's draft, whole: its id was fixed when the form opened, so posting twice makes one post. */
  draft: unknown;
  /** Of a post that is edited, how it was when the form opened: only what differs from that was changed in the form. */
  before?: unknown;
  savedAt: number;
}

const key = (board: string, post: string) => `tavle.draft.${board}.${post || "new"}`;

/** keepDraft; `post` is the post being edited, as it was `before`, or "" for a new one. False when the device refused. */
export function keepDraft(board: string, post: string, draft: unknown, before?: unknown): boolean {
  try {
    localStorage.setItem(key(board, post), JSON.stringify({ draft, before, savedAt: Date.now() } satisfies StoredDraft));
    return true;
  } catch {
    return false;
  }
}

export function keptDraft<T>(board: string, post: string): { draft: T; before?: T } | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key(board, post)) ?? "null") as { draft?: T; before?: T } | null;
    return stored?.draft ? { draft: stored.draft, before: stored.before } : null;
  } catch {
    return null;
  }
}

/** dropDraft; only this one where it is given: another window may have kept another since. */
export function dropDraft(board: string, post: string, draft?: unknown): void {
  if (draft && JSON.stringify(keptDraft(board, post)?.draft) !== JSON.stringify(draft)) return;
  try {
    localStorage.removeItem(key(board, post));
  } catch {
    // Nothing was kept then.
  }
}
