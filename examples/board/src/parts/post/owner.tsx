import { useState } from "react";
import { useBoard } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { day } from "../../app/time";
import { Button, ButtonLink } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { say } from "../../components/toast";
import type { Outcome, Post } from "@tavle/client";

const outcomes: Outcome[] = ["foundHere", "foundElsewhere", "notNeeded"];
/** How much longer a post stays when its author extends it. */
export const EXTEND_DAYS = 30;

/** A helper who prepares it together with its author can change it. */
export function Together({ post }: { post: Post }) {
  const { t } = useT();
  const board = useBoard();
  return (
    <div className="row no-print">
      <p className="grow">{t("post.together")}</p>
      <ButtonLink icon="edit" href={format({ board: board.id, view: "edit", post: post.id })}>
        {t("post.edit")}
      </ButtonLink>
    </div>
  );
}

/** What the author can do: edit, extend, close with an outcome, open again. */
export function Owner({ post }: { post: Post }) {
  const { t, language } = useT();
  const board = useBoard();
  const [closing, setClosing] = useState(false);
  const attempt = (what: Promise<unknown>, then?: () => void) => what.then(then, (err: unknown) => say(t("form.failed", { reason: String(err) })));
  // Every closing that stands is taken back: two devices may have closed it.
  const reopen = (closings: string[]) => void attempt(Promise.all(closings.map((c) => board.reopen(post.id, c))), () => say(t("post.reopened")));
  const close = (outcome: Outcome) => {
    setClosing(false);
    const closed = board.close(post.id, outcome).then((closing) => say(t("post.closed"), () => reopen([closing])));
    void attempt(closed);
  };
  const extend = () => {
    const until = Math.max(Date.now(), post.expiresOn ?? 0) + EXTEND_DAYS * 86_400_000;
    void attempt(board.extend(post.id, EXTEND_DAYS), () => say(t("post.extended", { day: day(language, until) })));
  };
  return (
    <div className="row no-print">
      {post.state === "closed" ? (
        <Button icon="undo" onClick={() => reopen(post.closings.filter((c) => !c.reopened).map((c) => c.id))}>
          {t("post.reopen")}
        </Button>
      ) : (
        <>
          <Button tone="primary" icon="check" onClick={() => setClosing(true)}>
            {t("post.close")}
          </Button>
          <ButtonLink icon="edit" href={format({ board: board.id, view: "edit", post: post.id })}>
            {t("post.edit")}
          </ButtonLink>
          <Button icon="clock" onClick={extend}>
            {t("post.extend")}
          </Button>
        </>
      )}
      <Sheet title={t("post.closeHow")} open={closing} onClose={() => setClosing(false)}>
        {outcomes.map((o) => (
          <Button key={o} large wide onClick={() => close(o)}>
            {t(`post.close.${o}` as MessageKey)}
          </Button>
        ))}
      </Sheet>
    </div>
  );
}
