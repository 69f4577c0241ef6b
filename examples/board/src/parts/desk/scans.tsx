import { useEffect, useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { useMembership } from "../join/member";
import { isPoster, numbered } from "../print/poster-link";
import { posters } from "./memory";

/** How many posters are listed; the others are few scans each. */
const MOST = 50;

interface Scans {
  poster: string;
  scans: number;
}

/** readScans takes what the server counted, most first; null when it is no such answer. */
export function readScans(answer: unknown): Scans[] | null {
  if (!Array.isArray(answer)) return null;
  const fits = (x: Scans | null) => isPoster(x?.poster) && Number.isSafeInteger(x?.scans) && (x?.scans ?? -1) >= 0;
  return (answer as (Scans | null)[]).filter((x): x is Scans => fits(x)).sort((a, b) => b.scans - a.scans).slice(0, MOST);
}

/** How often each poster was scanned, where the server counts it; otherwise nothing. */
export function PosterScans() {
  const { t } = useT();
  const board = useBoard();
  const membership = useMembership();
  const [scans, setScans] = useState<Scans[] | null>(null);
  useEffect(() => {
    let gone = false;
    // Those who look after the board are told by a server with members; an open one may tell everybody.
    const answer = async (): Promise<unknown> => {
      if (membership) return (await membership.call<{ posters: unknown }>("GET", `/v1/boards/${board.id}/posters`)).posters;
      const response = await fetch("/v1/posters", { cache: "no-store", headers: { accept: "application/json" } });
      return response.ok ? response.json() : null;
    };
    const ask = async () => {
      const counted = readScans(await answer());
      if (!gone) setScans(counted);
    };
    ask().catch(() => {
      // Without the server, or one that does not count, there is nothing to show.
    });
    return () => {
      gone = true;
    };
  }, [board.id, membership]);
  if (!scans || scans.length === 0) return null;
  const printed = posters();
  return (
    <section className="stack-s">
      <h2>{t("desk.n.posterScans")}</h2>
      <p className="quiet">{t("desk.n.posterHow")}</p>
      <ul className="bars poster-scans">
        {scans.map(({ poster, scans: n }) => {
          const of = printed[poster];
          return (
            <li key={poster}>
              <span>{of?.code ? t("desk.posterOf", { code: of.code.toUpperCase() }) : of ? t("desk.posterBoard") : numbered(poster)}</span>
              <meter min={0} max={Math.max(1, scans[0]?.scans ?? 1)} value={n} aria-label={numbered(poster)} />
              <strong>{n}</strong>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
