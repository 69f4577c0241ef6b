import { type MessageKey, useT } from "../../app/i18n";
import { clock, day } from "../../app/time";
import { KindSeal } from "../../components/kind";
import { Qr } from "../../components/qr";
import { KINDS } from "../../design/kinds";
import type { BoardInfo, Post } from "@tavle/client";

/** How much one A4 holds: lines of its two columns. */
const LINES = 70;
/** Characters in a line of a title, and lines that a heading of a kind takes. */
const WIDTH = 34;
const HEADING = 3;

/** The posts of the week for one sheet, by kind; what has no room is counted. Events that are still to come first, then the newest. */
export function choosePosts(posts: readonly Post[], now: number): { kinds: { kind: string; posts: Post[] }[]; left: number } {
  const open = posts.filter((p) => p.state === "open" && !p.removed && !p.hidden && (p.kind !== "event" || !p.when?.start || p.when.start > now));
  const queue = [...open].sort((a, b) => rank(a, now) - rank(b, now) || b.createdAt - a.createdAt);
  const chosen = new Map<string, Post[]>();
  let lines = 0;
  let left = 0;
  for (const post of queue) {
    const cost = linesOf(post) + (chosen.has(post.kind) ? 0 : HEADING);
    if (lines + cost > LINES) {
      left++;
      continue;
    }
    lines += cost;
    chosen.set(post.kind, [...(chosen.get(post.kind) ?? []), post]);
  }
  const order = [...KINDS, ...[...chosen.keys()].filter((k) => !(KINDS as readonly string[]).includes(k))];
  return { kinds: order.flatMap((kind) => (chosen.has(kind) ? [{ kind, posts: chosen.get(kind) ?? [] }] : [])), left };
}

const DAY = 24 * 3_600_000;

/** Pinned, then what happens or is needed within a week, then the rest; nothing of one kind pushes all others out. */
function rank(post: Post, now: number): number {
  if (post.pinned) return 0;
  if (post.kind === "event" && post.when?.start && post.when.start < now + 8 * DAY) return 1;
  if (post.kind === "request") return post.answered ? 3 : 1;
  return 2;
}

function linesOf(post: Post): number {
  return Math.ceil(post.title.length / WIDTH) + 1.6;
}

/** The week of a day by ISO 8601. */
export function weekOf(at: number): number {
  const date = new Date(at);
  const thursday = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / DAY + 1) / 7);
}

/** The sheet of the week for the stairwell: one A4. */
export function WeekSheet({ posts, info, link, now }: { posts: readonly Post[]; info: BoardInfo; link: string; now: number }) {
  const { t, language } = useT();
  const { kinds, left } = choosePosts(posts, now);
  return (
    <section className="sheet-a4 week">
      <header className="week-head">
        <div>
          <p className="week-number">{t("print.week", { week: weekOf(now) })}</p>
          <h1>{info.title}</h1>
        </div>
        <p>{t("print.weekIntro")}</p>
      </header>
      <div className="week-columns">
        {kinds.map(({ kind, posts: some }) => (
          <section key={kind} className="week-kind" data-kind={kind}>
            <h2>
              <KindSeal kind={kind} size="1.1em" /> {t(`kind.${kind}` as MessageKey)}
            </h2>
            <ul>
              {some.map((p) => (
                <li key={p.id}>
                  <p className="week-title" lang={p.lang}>{p.title}</p>
                  <p className="week-facts">
                    <span className="week-code">{p.code}</span>
                    {p.when?.start ? ` ${day(language, p.when.start, now)} ${clock(language, p.when.start)}` : ""}
                    {p.place ? ` ${p.place}` : ""}
                  </p>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <footer className="week-foot">
        <Qr text={link} label={t("print.qr")} />
        <div>
          <p className="week-how">{t("print.weekHow")}</p>
          {left > 0 && <p>{t("print.weekLeft", { n: left })}</p>}
          <p className="slip-small">
            {info.controller} · {t("print.printed", { day: day(language, now, now) })}
          </p>
        </div>
      </footer>
    </section>
  );
}
