import { useT } from "../../app/i18n";
import { day } from "../../app/time";
import { Qr } from "../../components/qr";
import type { BoardInfo, Post } from "@tavle/client";
import { grouped } from "../claim/link";
import { useMembership } from "../join/member";
import { Contacts, NeighbourHead } from "./slip";

/** The slip with which a neighbour takes a post into their own hands: a code to scan, and the same as letters to type, very large. */
export function HandOverSlip({ post, info, secret, link }: { post: Post; info: BoardInfo; secret: string; link: string }) {
  const { t, language } = useT();
  const members = useMembership() !== null;
  return (
    <section className="sheet-a4 hand-over">
      <NeighbourHead post={post} info={info} title={t("print.handOver.title")} />
      <div className="neighbour-ask">
        <h2 lang={post.lang}>{post.title}</h2>
      </div>
      <div className="hand-over-way">
        <Qr text={link} label={t("print.qr")} />
        <div>
          <h2>{t("print.handOver.scanTitle")}</h2>
          <p>{t("print.handOver.scan")}</p>
        </div>
      </div>
      <div>
        <h2>{t("print.handOver.typeTitle")}</h2>
        <p>{t("print.handOver.type", { address: `${location.host}/#v=claim` })}</p>
        <p className="hand-over-secret">{grouped(secret).split(" ").map((group) => <span key={group}>{group}</span>)}</p>
        <p className="slip-small">{t("print.handOver.letters")}</p>
      </div>
      <div className="hand-over-means">
        {members && <p>{t("print.handOver.join")}</p>}
        <p><strong>{t("print.handOver.secret")}</strong></p>
        <p>{t("print.handOver.after")}</p>
      </div>
      <footer className="neighbour-notice">
        <h2>{t("print.handOver.help")}</h2>
        <Contacts contacts={info.contacts} />
        <p className="slip-small">{info.controller} · {t("print.printed", { day: day(language, Date.now()) })}</p>
      </footer>
    </section>
  );
}
