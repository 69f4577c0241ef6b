/** Small things that this device remembers for the phone: drafts by board. Never used by the kiosk. */

export interface StoredDraft {
  /** The SDK's draft, whole: its id was fixed when the form opened, so posting twice makes one post. */
  draft: unknown;
  savedAt: number;
}

const key = (board: string, post: string) => `tavle.draft.${board}.${post || "new"}`;

/** keepDraft; `post` is the post being edited, or "" for a new one. False when the device refused. */
export function keepDraft(board: string, post: string, draft: unknown): boolean {
  try {
    localStorage.setItem(key(board, post), JSON.stringify({ draft, savedAt: Date.now() } satisfies StoredDraft));
    return true;
  } catch {
    return false;
  }
}

export function keptDraft<T>(board: string, post: string): T | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key(board, post)) ?? "null") as StoredDraft | null;
    return (stored?.draft as T) ?? null;
  } catch {
    return null;
  }
}

export function dropDraft(board: string, post: string): void {
  try {
    localStorage.removeItem(key(board, post));
  } catch {
    // Nothing was kept then.
  }
}
