import { useLayoutEffect, useRef, useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import type { Post } from "@tavle/client";
import { claimLink } from "../claim/link";
import { HandOverSlip } from "../print/hand-over";
import { usePrinter } from "../print/paper";

/** The post goes to the neighbour: a slip with a secret, which stands on that paper and nowhere else. */
export function HandOver({ post, onDone }: { post: Post; onDone: () => void }) {
  const { t } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const { print, roll } = usePrinter();
  const [secret, setSecret] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => box.current?.querySelector("button")?.focus(), [secret]);

  const slip = (s: string) => print(<HandOverSlip post={post} info={info} secret={s} link={claimLink(board.id, post.id, s)} />);
  const begin = async () => {
    try {
      const made = await board.handOver(post.id);
      setSecret(made);
      slip(made);
    } catch (err) {
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <div
      className="desk-hand-over"
      ref={box}
      role="group"
      aria-label={t("desk.handOver")}
      onKeyDown={(e) => {
        if (e.key !== "Escape") return;
        e.preventDefault();
        onDone();
      }}
    >
      <p>{t(secret ? "desk.handOverPrinted" : "desk.handOverHow")}</p>
      <div className="row">
        {secret ? (
          <>
            <Button tone="primary" icon="check" onClick={onDone}>{t("do.close")}</Button>
            <Button icon="print" onClick={() => slip(secret)}>{t("desk.printAgain")}</Button>
          </>
        ) : (
          <>
            <Button tone="primary" icon="print" onClick={() => void begin()}>{t("desk.handOverDo")}</Button>
            <Button tone="quiet" onClick={onDone}>{t("do.cancel")}</Button> <kbd aria-hidden="true">Esc</kbd>
          </>
        )}
      </div>
      {roll}
    </div>
  );
}
