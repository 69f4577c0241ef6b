import { useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Icon } from "../../design/icon";
import type { Board } from "@tavle/client";

/**
 * What can be done about a text that is delicate. About health: another name. About a person under suspicion: the rule, and whom
 * to call instead. Both are help and no gate; posting stays possible.
 */
export function Sensitive({ kinds, board, onOtherName }: { kinds: readonly string[]; board: Board; onOtherName?: () => void }) {
  const { t } = useT();
  return (
    <>
      {kinds.includes("suspicion") && <Instead board={board} />}
      {kinds.includes("health") && onOtherName && (
        <div>
          <Button icon="person" onClick={onOtherName}>
            {t("form.otherName")}
          </Button>
        </div>
      )}
    </>
  );
}

function Instead({ board }: { board: Board }) {
  const { t } = useT();
  const { contacts } = useObservable(board.info);
  return (
    <div className="panel panel-warn stack-s" role="note">
      <p className="strong">{t("form.ruleSuspicion")}</p>
      <p>{t("form.callInstead")}</p>
      <ul className="stack-s">
        {contacts.filter((c) => c.phone || c.note).map((c) => (
          <li key={c.id} className="fact">
            <Icon name="phone" size="1.2em" />
            <span>
              {c.name}: {c.phone ? <a href={`tel:${c.phone.replace(/[^\d+]/g, "")}`}>{c.phone}</a> : c.note}
            </span>
          </li>
        ))}
        <li className="fact">
          <Icon name="phone" size="1.2em" /> <span>{t("form.police")}</span>
        </li>
      </ul>
    </div>
  );
}
