import type { Board, Post } from "@tavle/client";
import type { Translate } from "../../app/i18n";
import { say } from "../../components/toast";

/** foundElsewhere closes a request for which somebody was found away from the board, and offers the way back. */
export async function foundElsewhere(board: Board, post: Post, t: Translate): Promise<void> {
  try {
    await board.close(post.id, "foundElsewhere");
    say(t("desk.closedSaid", { code: post.code.toUpperCase() }), () => void board.reopen(post.id));
  } catch (err) {
    say(t("form.failed", { reason: String(err) }));
  }
}
