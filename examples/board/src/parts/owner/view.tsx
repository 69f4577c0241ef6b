import { useSyncExternalStore } from "react";
import type { Role } from "@tavle/client";
import { useBoard, useObservable } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { settings } from "../../app/settings";
import { ButtonLink } from "../../components/button";
import { Icon, type IconName } from "../../design/icon";
import { useMembership, useRoles } from "../join/member";
import { Letters } from "../letters/view";
import { HistoryView } from "./history";
import { InvitesView } from "./invites";
import { NumbersView } from "./numbers";
import { PeopleView } from "./people";
import { PostersView } from "./posters";
import { QuarantineView } from "./quarantine";
import { RightsView } from "./rights";
import { SettingsForm } from "./settings";
import "./style.css";

await Promise.all([loadMessages(settings().language, "member."), loadMessages(settings().language, "owner.")]);

const stewards: readonly Role[] = ["owner", "deputy"];
const inviters: readonly Role[] = [...stewards, "ambassador"];

interface Place {
  id: string;
  icon: IconName;
  key: MessageKey;
  roles: readonly Role[];
  part: React.ComponentType;
}

const PLACES: Place[] = [
  { id: "members", icon: "people", key: "owner.members", roles: stewards, part: PeopleView },
  { id: "invites", icon: "add", key: "owner.invites", roles: inviters, part: InvitesView },
  { id: "letters", icon: "print", key: "owner.letters", roles: inviters, part: Letters },
  { id: "settings", icon: "edit", key: "owner.settings", roles: stewards, part: SettingsForm },
  { id: "refused", icon: "warning", key: "owner.refused", roles: [...stewards, "moderator"], part: QuarantineView },
  { id: "posters", icon: "notice", key: "owner.posters", roles: inviters, part: PostersView },
  { id: "numbers", icon: "board", key: "owner.numbers", roles: [...stewards, "observer"], part: NumbersView },
  { id: "history", icon: "clock", key: "owner.history", roles: stewards, part: HistoryView },
  { id: "rights", icon: "info", key: "owner.rights", roles: [...inviters, "moderator"], part: RightsView },
];

/** Who looks after a board: its people, invitations, rules. Each sees what their roles allow. */
export default function Owner({ place: wanted }: { place: string }) {
  const { t } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const wide = useWide();
  const roles = useRoles(board);
  const membership = useMembership();
  const places = PLACES.filter((p) => p.roles.some((r) => roles.includes(r)));
  const place = places.find((p) => p.id === wanted) ?? (wide ? places[0] : undefined);
  if (!membership || places.length === 0) return <p>{t("owner.notYours")}</p>;
  const list = (
    <nav className="owner-nav" aria-label={t("owner.title")}>
      <ul className="list">
        {places.map((p) => (
          <li key={p.id}>
            <a className="list-item list-link" href={format({ board: board.id, view: "owner", post: p.id })} aria-current={p === place ? "page" : undefined}>
              <Icon name={p.icon} size="1.5em" />
              <span className="grow">{t(p.key)}</span>
              {!wide && <Icon name="forward" />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
  if (!place) {
    return (
      <div className="stack page">
        <h1>{t("owner.title")}</h1>
        <p>{t("owner.lead", { board: info.title })}</p>
        {list}
      </div>
    );
  }
  const Part = place.part;
  return (
    <div className="owner">
      {wide ? (
        <div className="stack owner-side">
          <p className="owner-side-title">{t("owner.title")}</p>
          {list}
        </div>
      ) : (
        <ButtonLink tone="quiet" icon="back" className="owner-back no-print" href={format({ board: board.id, view: "owner" })}>
          {t("owner.title")}
        </ButtonLink>
      )}
      <div className="stack owner-part">
        <h1>{t(place.key)}</h1>
        <Part key={place.id} />
      </div>
    </div>
  );
}

const wideScreen = matchMedia("(min-width: 62rem)");

function useWide(): boolean {
  return useSyncExternalStore(
    (fn) => {
      wideScreen.addEventListener("change", fn);
      return () => wideScreen.removeEventListener("change", fn);
    },
    () => wideScreen.matches,
  );
}
