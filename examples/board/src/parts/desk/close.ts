/** What a volunteer does to a post that stands: each act says what has happened, and offers the way back where there is one. */
import type { Board, Outcome, Post } from "@tavle/client";
import type { Translate } from "../../app/i18n";
import type { Language } from "../../app/settings";
import { day } from "../../app/time";
import { say } from "../../components/toast";

/** How much longer a post stays when it is extended. */
const EXTEND_DAYS = 30;
const DAY = 86_400_000;

const codeOf = (post: Post) => post.code.toUpperCase();

async function attempt(t: Translate, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (err) {
    say(t("form.failed", { reason: String(err) }));
  }
}

/** close ends a post with its outcome: done here, helper found elsewhere, or not needed any more. */
export function close(board: Board, post: Post, outcome: Outcome, t: Translate): Promise<void> {
  return attempt(t, async () => {
    await board.close(post.id, outcome);
    say(t(outcome === "foundElsewhere" ? "desk.closedSaid" : outcome === "foundHere" ? "desk.closedHereSaid" : "desk.closedNotNeededSaid", { code: codeOf(post) }), () => void reopen(board, post, t));
  });
}

/** reopen takes every closing back. */
export function reopen(board: Board, post: Post, t: Translate): Promise<void> {
  return attempt(t, async () => {
    await board.reopen(post.id);
    say(t("desk.reopenedSaid", { code: codeOf(post) }));
  });
}

/** extend lets a post stand longer, from now or from its end, whichever is later; the neighbour has to say yes to that. */
export function extend(board: Board, post: Post, t: Translate, language: Language): Promise<void> {
  return attempt(t, async () => {
    const before = post.expiresOn;
    const until = Math.max(Date.now(), before ?? 0) + EXTEND_DAYS * DAY;
    await board.editPost(post.id, { expiresOn: until });
    const undo = before === null ? undefined : () => void attempt(t, () => board.editPost(post.id, { expiresOn: before }));
    say(t("desk.extendedSaid", { code: codeOf(post), day: day(language, until) }), undo);
  });
}
