import { type MessageKey, useT } from "../../app/i18n";
import { dayAndClock } from "../../app/time";
import { KindSeal } from "../../components/kind";
import { useKindDetail } from "../../components/post-card";
import { Qr } from "../../components/qr";
import type { BoardInfo, Post } from "@tavle/client";
import { numbered, posterLink } from "./poster-link";

const shown = ["request", "offer", "item", "companion", "event", "lostFound"] as const;
/** Characters of a body that the poster of a post has room for, read from two metres. */
const BODY_MAX = 300;

interface About {
  info: BoardInfo;
  /** The board's id, for the link. */
  board: string;
  /** The number of this sheet of paper; see newPoster. */
  poster: string;
}

/** The poster for the stairwell and the laundry: what the board is, and the way to it. One A4. */
export function Poster({ info, board, poster }: About) {
  const { t } = useT();
  return (
    <section className="sheet-a4 poster">
      <p className="poster-board">{info.title}</p>
      <h1>{t("print.poster.title")}</h1>
      <ul className="poster-kinds">
        {shown.map((kind) => (
          <li key={kind}>
            <KindSeal kind={kind} size="1.6em" /> {t(`print.poster.${kind}` as MessageKey)}
          </li>
        ))}
      </ul>
      <Way info={info} link={posterLink(poster, board)} />
      <Foot info={info} poster={poster} />
    </section>
  );
}

/** The poster of one post: what it is about, to be read from two metres, and the way to answer. One A4. */
export function PostPoster({ info, board, poster, post }: About & { post: Post }) {
  const { t, language } = useT();
  const detail = useKindDetail(post);
  const body = post.body.length > BODY_MAX ? `${post.body.slice(0, BODY_MAX).trimEnd()} …` : post.body;
  return (
    <section className="sheet-a4 poster poster-post" data-kind={post.kind}>
      <p className="poster-board">{info.title}</p>
      <div className="poster-what">
        <p className="poster-kind">
          <KindSeal kind={post.kind} size="1.6em" /> {t(`kind.${post.kind}` as MessageKey)}
          {detail && ` · ${detail}`}
        </p>
        <h1 lang={post.lang} data-long={post.title.length > 45}>{post.title}</h1>
        {(post.when?.start || post.place) && (
          <p className="poster-when">
            {post.when?.start && <strong>{dayAndClock(language, post.when.start)}</strong>} {post.place}
          </p>
        )}
        <p className="poster-body" lang={post.lang}>{body}</p>
      </div>
      <Way info={info} link={posterLink(poster, board, post.id)} code={post.code} />
      <Foot info={info} poster={poster} />
    </section>
  );
}

function Way({ info, link, code }: { info: BoardInfo; link: string; code?: string }) {
  const { t } = useT();
  return (
    <div className="poster-way">
      <Qr text={link} label={t("print.qr")} />
      <ol>
        <li>{t(code ? "print.poster.scanPost" : "print.poster.scan")}</li>
        <li>{info.place ? t("print.poster.kioskAt", { place: info.place }) : t("print.poster.kiosk")}</li>
        <li>
          <span>
            {t(code ? "print.poster.deskCode" : "print.poster.desk")} {code && <strong className="poster-code">{code}</strong>}
          </span>
        </li>
      </ol>
    </div>
  );
}

function Foot({ info, poster }: { info: BoardInfo; poster: string }) {
  const { t } = useT();
  return (
    <footer>
      <p>{t("print.poster.free")}</p>
      <p className="slip-small poster-foot">
        <span>{info.controller}</span> <span>{t("print.poster.number", { number: numbered(poster) })}</span>
      </p>
    </footer>
  );
}
