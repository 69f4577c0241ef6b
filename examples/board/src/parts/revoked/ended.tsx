import { useEffect } from "react";
import { useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { Button } from "../../components/button";
import type { Client } from "@tavle/client";
import { Gone } from "./gone";
import { Unsent } from "./unsent";
import "../join/style.css";
import "./style.css";

await loadMessages(settings().language, "member.");

/** In the place of everything, until the person has seen it: a board that they do not belong to any more, and what was not sent there. */
export default function EndedView({ client }: { client: Client }) {
  const { t } = useT();
  const ended = useObservable(client.ended);
  const [first] = ended;
  const title = first && (first.title ? t("ended.title", { board: first.title }) : t("ended.untitled"));
  useEffect(() => {
    if (title) document.title = `${title} · Tavle`;
  }, [title]);
  if (!first) return null;
  // The page begins anew, with what is left: addresses of the board lead nowhere.
  const goOn = () => void client.dismissEnded(first.board).then(() => ended.length === 1 && location.replace(location.pathname));
  return (
    <Gone
      title={title}
      lead={t("ended.lead")}
      unsent={<Unsent key={first.board} texts={first.unsent.flatMap((u) => u.texts)} hint="ended.unsent" offered={first.offered === true} />}
      done={first.removed}
      gone={t("ended.removed")}
      how={t("ended.removedHow")}
      next={<Button onClick={goOn}>{t("ended.go")}</Button>}
    />
  );
}
