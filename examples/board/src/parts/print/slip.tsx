import type { MessageKey } from "../../app/i18n";
import { useT } from "../../app/i18n";
import { day, dayAndClock } from "../../app/time";
import { Qr } from "../../components/qr";
import type { BoardInfo, ContactCard, Post } from "@tavle/client";

/** Characters of a body that a narrow slip has room for. */
const BODY_MAX = 420;

/** A narrow slip to take along: what it is, its code, and the link as a QR code. */
export function TakeAlongSlip({ post, info, link }: { post: Post; info: BoardInfo; link: string }) {
  const { t, language } = useT();
  const body = post.body.length > BODY_MAX ? `${post.body.slice(0, BODY_MAX).trimEnd()} …` : post.body;
  return (
    <section className="slip">
      <p className="slip-board">{info.title}</p>
      <p className="slip-kind">{t(`kind.${post.kind}` as MessageKey)}</p>
      <h1 lang={post.lang}>{post.title}</h1>
      {post.when?.start && <p className="slip-when">{dayAndClock(language, post.when.start)}</p>}
      {post.place && <p>{post.place}</p>}
      <p className="slip-body" lang={post.lang}>{body}</p>
      <p className="slip-code">
        <span>{t("print.code")}</span> <strong>{post.code}</strong>
      </p>
      <Qr text={link} label={t("print.qr")} />
      <p className="slip-small">{t("print.slip.how")}</p>
      <p className="slip-small">{t("print.printed", { day: day(language, Date.now()) })}</p>
    </section>
  );
}

/** The head of a sheet for a neighbour: whose board, what it is, and the code of the post. */
export function NeighbourHead({ post, info, title }: { post: Post; info: BoardInfo; title: string }) {
  const { t } = useT();
  return (
    <header className="neighbour-head">
      <div>
        <p className="neighbour-board">{info.title}</p>
        <h1>{title}</h1>
      </div>
      <p className="neighbour-code">
        <span>{t("print.neighbour.code")}</span>
        <strong>{post.code}</strong>
      </p>
    </header>
  );
}

/** The neighbour's own sheet, large: the code, what was asked, until when, how to take it back, and what happens with the data. */
export function NeighbourSlip({ post, info }: { post: Post; info: BoardInfo }) {
  const { t, language } = useT();
  // Extended with the neighbour's yes, it stands longer than they first said.
  const until = Math.max(post.proxy?.permittedUntil ?? 0, post.expiresOn ?? 0);
  const helpers = [...new Set(post.acceptedOffers.map((o) => o.author))];
  return (
    <section className="sheet-a4 neighbour">
      <NeighbourHead post={post} info={info} title={t("print.neighbour.title")} />
      <div className="neighbour-ask">
        <p className="neighbour-kind">{t(`kind.${post.kind}` as MessageKey)}</p>
        <h2 lang={post.lang}>{post.title}</h2>
        <p className="neighbour-body" lang={post.lang}>{post.body}</p>
      </div>
      <dl className="neighbour-facts">
        <div>
          <dt>{t("print.neighbour.given")}</dt>
          <dd>
            {day(language, post.proxy?.permittedAt ?? post.createdAt)}, {t(`desk.permission.${post.proxy?.permission ?? "spoken"}` as MessageKey).toLowerCase()}
          </dd>
        </div>
        {until > 0 && (
          <div>
            <dt>{t("print.neighbour.until")}</dt>
            <dd>{day(language, until)}</dd>
          </div>
        )}
        <div>
          <dt>{t("print.neighbour.callBack")}</dt>
          <dd>{t(`print.callBack.${post.proxy?.callBackBy ?? "none"}` as MessageKey)}</dd>
        </div>
        <div>
          <dt>{t("print.neighbour.helper")}</dt>
          {helpers.length > 0 ? <dd>{helpers.join(", ")}</dd> : <dd className="neighbour-line" />}
        </div>
      </dl>
      <h2>{t("print.neighbour.withdrawTitle")}</h2>
      <p>{t("print.neighbour.withdraw")}</p>
      <Contacts contacts={info.contacts} />
      <footer className="neighbour-notice">
        <h2>{t("print.notice.title")}</h2>
        <p>{t("print.notice.what")}</p>
        <p>{t("print.notice.who", { controller: info.controller || info.title })}</p>
        <p>{t("print.notice.long", { days: info.settings.closedDays })}</p>
        <p>{t("print.notice.rights")}</p>
      </footer>
    </section>
  );
}

/** At most this many on paper. */
const CONTACTS = 2;

export function Contacts({ contacts }: { contacts: readonly ContactCard[] }) {
  return (
    <ul className="paper-contacts">
      {[...contacts].sort((a, b) => a.order - b.order).slice(0, CONTACTS).map((c) => (
        <li key={c.name}>
          <strong>{c.name}</strong> {c.phone} {c.hours}
        </li>
      ))}
    </ul>
  );
}
