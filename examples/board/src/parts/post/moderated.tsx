import { type ReactNode, useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { format } from "../../app/route";
import { ago } from "../../app/time";
import { Button } from "../../components/button";
import type { Post, Reply } from "@tavle/client";

type Entry = Pick<Post | Reply, "removed" | "hidden" | "moderation" | "mine" | "createdBy">;

/** Why something was taken down or hidden, by whom in the word for their role, and for its writer what can be done about it. */
export function Why({ entry }: { entry: Entry }) {
  const { t, language } = useT();
  const board = useBoard();
  const { moderation } = entry;
  if (!moderation) return null;
  // Only somebody's own doing is told apart: who of the moderators it was is between them and the owner of the board.
  const own = moderation.by === entry.createdBy && entry.mine;
  return (
    <div className="why stack-s">
      {moderation.rule && <p>{t("moderation.rule", { rule: moderation.rule })}</p>}
      {moderation.facts && <p>{t("moderation.facts", { facts: moderation.facts })}</p>}
      {!moderation.rule && !moderation.facts && <p>{t("moderation.noReason")}</p>}
      <p className="quiet small">{t(own ? "moderation.byYou" : "moderation.byModerator", { ago: ago(language, moderation.createdAt) })}</p>
      {entry.mine && !own && (
        <p className="strong">
          {t("moderation.yours")} <a href={format({ board: board.id, view: "about" })}>{t("nav.about")}</a>
        </p>
      )}
    </div>
  );
}

/** What stands in the place of a reply or an offer that was taken down, or of one that is hidden until one asks for it. */
export function Moderated(props: { entry: Entry; removed: string; hidden: string; children: ReactNode }) {
  const { t } = useT();
  const [shown, setShown] = useState(false);
  const { entry, removed, hidden, children } = props;
  if (!entry.removed && !entry.hidden) return children;
  return (
    <>
      <p className="strong">{entry.removed ? removed : hidden}</p>
      <Why entry={entry} />
      {!entry.removed && (shown ? children : <ShowButton onShow={() => setShown(true)} label={t("moderation.show")} />)}
    </>
  );
}

/** The way to what is hidden. */
export function ShowButton({ onShow, label }: { onShow: () => void; label: string }) {
  return (
    <div className="no-print">
      <Button onClick={onShow}>{label}</Button>
    </div>
  );
}
