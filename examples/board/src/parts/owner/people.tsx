import { useEffect, useRef } from "react";
import type { Role } from "@tavle/client";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { format } from "../../app/route";
import { Banner } from "../../components/banner";
import { useAsked, useBoardCalls } from "./calls";
import { MembersView } from "./members";
import { roleSentence, roleWord } from "./roles";

/** The roles that a board needs somebody for, besides its owner, without whom there is none. */
const NEEDED: readonly Role[] = ["moderator", "matchmaker", "connector", "deputy"];

/** Who belongs to the board, and which roles nobody has. */
export function PeopleView() {
  const board = useBoard();
  const { get } = useBoardCalls(board.id);
  const asked = useAsked(() => get<{ roles: Record<string, number> }>("numbers"), board.id);
  const place = useRef<HTMLDivElement>(null);
  const again = useRef(asked.again);
  again.current = asked.again;
  // Roles are given and ended in dialogs: when one has closed it may be otherwise.
  useEffect(() => {
    const element = place.current;
    const closed = () => again.current();
    element?.addEventListener("close", closed, true);
    return () => element?.removeEventListener("close", closed, true);
  }, []);
  const held = asked.value?.roles;
  return (
    <div ref={place} className="stack owner-part">
      {held && <RoleSheet board={board.id} missing={NEEDED.filter((role) => !held[role])} />}
      <MembersView />
    </div>
  );
}

function RoleSheet({ board, missing }: { board: string; missing: readonly Role[] }) {
  const { t } = useT();
  if (missing.length === 0) return null;
  return (
    <Banner tone="warn" icon="warning">
      <div className="stack-s">
        <h2>{t("roleSheet.title")}</h2>
        <ul>
          {missing.map((role) => (
            <li key={role}>
              <strong>{roleWord(t, role)}</strong>: {roleSentence(t, role)}
            </li>
          ))}
        </ul>
        <p>{t("roleSheet.how")}</p>
        <p>
          <a href={format({ board, view: "owner", post: "invites" })}>{t("roleSheet.invite")}</a>
        </p>
      </div>
    </Banner>
  );
}
