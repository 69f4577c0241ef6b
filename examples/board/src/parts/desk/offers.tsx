import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import type { Post } from "@tavle/client";
import { useMay, useRelation } from "../join/member";
import { close } from "./close";
import { isHandedOver } from "./lists";

/** Who offers help to a neighbour (`fresh`: those of whom the neighbour has not been told), with the neighbour's answer as the volunteer was told it; and, once it is done, how it ended. */
export function Offers({ post, fresh }: { post: Post; fresh: readonly string[] }) {
  const { t } = useT();
  const board = useBoard();
  const may = useMay(board);
  const relation = useRelation()(post);
  const offers = post.offers.filter((o) => !o.withdrawn && !o.removed);
  if (offers.length === 0 || isHandedOver(post)) return null;
  const mayAnswer = post.state !== "closed" && may("answerOffer", relation);
  const answer = (id: string, yes: "accepted" | "declined") => void board.answerOffer(post.id, id, yes).catch((err: unknown) => say(t("form.failed", { reason: String(err) })));
  return (
    <ul className="desk-offers" aria-label={t("desk.offers")}>
      {offers.map((o) => {
        const declined = !o.accepted && o.answers.some((a) => a.answer === "declined");
        return (
          <li key={o.id} data-news={fresh.includes(o.id)}>
            <Icon name="offer" />
            <span className="grow">
              <strong>{t("desk.canHelp", { author: o.author })}</strong> {o.message}
              {o.accepted && <span className="fact strong"> <Icon name="check" /> {t("desk.offerAccepted")}</span>}
              {declined && <span className="quiet"> {t("post.declined")}</span>}
            </span>
            {mayAnswer && !o.accepted && <Button icon="check" onClick={() => answer(o.id, "accepted")}>{t("desk.accept", { author: o.author })}</Button>}
            {mayAnswer && !o.accepted && !declined && <Button tone="quiet" onClick={() => answer(o.id, "declined")}>{t("post.decline")}</Button>}
            {post.state !== "closed" && o.accepted && may("closePost", relation) && <Button icon="check" onClick={() => void close(board, post, "foundHere", t)}>{t("desk.done")}</Button>}
          </li>
        );
      })}
    </ul>
  );
}
