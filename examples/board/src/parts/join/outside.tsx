import { loadMessages, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { settings } from "../../app/settings";
import { ButtonLink } from "../../components/button";
import { NumbersView } from "../owner/numbers";
import "../owner/style.css";

await Promise.all([loadMessages(settings().language, "member."), loadMessages(settings().language, "owner.")]);

/** For members who see no posts: observers, who see numbers, and those who belong to no board. */
export default function Outside({ board }: { board: string }) {
  const { t } = useT();
  if (board) {
    return (
      <div className="stack page">
        <h1>{t("observer.title")}</h1>
        <p>{t("observer.lead")}</p>
        <NumbersView board={board} />
      </div>
    );
  }
  return (
    <div className="stack page">
      <h1>{t("noBoards.title")}</h1>
      <p>{t("noBoards.text")}</p>
      <div>
        <ButtonLink tone="primary" icon="add" href={format({ view: "join" })}>
          {t("boards.join")}
        </ButtonLink>
      </div>
    </div>
  );
}
