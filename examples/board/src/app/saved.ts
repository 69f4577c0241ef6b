/** Whether what was written is anywhere but in this page: only then it is said to be saved, and its draft may go. */
import type { Board } from "@tavle/client";

/** unsaved: nothing but this page has a post as it is now, or a reply or offer in it; the device could not save it. */
export function unsaved(board: Board, post: string, entry = post): boolean {
  const found = board.post(post).get();
  return found !== null && [found, ...found.replies, ...found.offers].some((x) => x.id === entry && x.delivery === "unsaved");
}

/** whenSaved calls fn once a post is saved on this device or on the board; at once where it is. */
export function whenSaved(board: Board, post: string, fn: () => void): void {
  if (!unsaved(board, post)) return fn();
  const stop = board.post(post).subscribe(() => {
    if (unsaved(board, post)) return;
    stop();
    fn();
  });
}
