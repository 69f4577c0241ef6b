import { useId } from "react";
import { useBoard } from "../../app/client";
import { type MessageKey, t, type Translate, useT } from "../../app/i18n";
import type { Language } from "../../app/settings";
import { clock, dayAndClock, sameDay } from "../../app/time";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import type { Board, Post, PostChanges } from "@tavle/client";
import { mayEdit } from "./rights";

/** One of the versions: what it is called, and the change that keeps it. */
interface Version {
  word: string;
  keep: PostChanges;
  /** Shown with line breaks, on its own. */
  long?: boolean;
}

/** A field that has several versions. */
interface Field {
  name: string;
  word: MessageKey;
  versions: Version[];
}

const lines = ["title", "place", "author"] as const;
const chosen = { urgency: "urgency", lang: "lang", lost: "lost" } as const;
/** At most so many combinations of begin, end and repetition are offered; the form has all others. */
const TIMES_MAX = 6;

/** Fields that two devices changed without knowing of each other: every version in words, and one tap keeps one. */
export function Conflicts({ post }: { post: Post }) {
  const { t, language } = useT();
  const board = useBoard();
  const fields = fieldsOf(post, t, language);
  const id = useId();
  if (fields.length === 0) return null;
  return (
    <section className="panel panel-warn stack" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="panel-title">
        <Icon name="copy" /> <span>{t("conflict.title")}</span>
      </h2>
      {fields.map((field) => (
        <div key={field.name} className="stack-s">
          <p>{t("conflict.what", { field: t(field.word) })}</p>
          <ul className={field.versions.some((v) => v.long) ? "stack" : "row"}>
            {field.versions.map((version, i) => (
              <li key={version.word} className="version">
                {version.long && (
                  <p id={`${id}-${field.name}-${i}`} className="prose" lang={post.lang}>
                    {version.word}
                  </p>
                )}
                {mayEdit(post) ? (
                  <Button onClick={() => void settle(board, post.id, version)} aria-describedby={version.long ? `${id}-${field.name}-${i}` : undefined}>
                    {version.long ? t("conflict.keepThis") : t("conflict.keep", { value: version.word })}
                  </Button>
                ) : (
                  !version.long && <span className="stamp">{version.word}</span>
                )}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function fieldsOf(post: Post, t: Translate, language: Language): Field[] {
  const fields: Field[] = [];
  const add = (name: string, word: MessageKey, versions: Version[]) => {
    if (versions.length > 1) fields.push({ name, word, versions });
  };
  const of = (name: string) => post.conflicts[name] ?? [];
  for (const name of lines) add(name, `field.${name}`, of(name).map((v) => ({ word: v, keep: { [name]: v } })));
  for (const [name, group] of Object.entries(chosen)) {
    add(name, `field.${name as keyof typeof chosen}`, of(name).map((v) => ({ word: t(`${group}.${v}` as MessageKey), keep: { [name]: v } })));
  }
  add("item", "field.item", of("item.action").map((v) => ({ word: t(`item.${v}` as MessageKey), keep: { item: { action: v } } })));
  add("body", "field.body", of("body").map((v) => ({ word: v, keep: { body: v }, long: true })));
  add("when", "field.when", times(post, t, language));
  return fields;
}

/** Every combination of the concurrent begins, ends and repetitions that makes sense: kept as one, since one cannot choose half a time. */
function times(post: Post, t: Translate, language: Language): Version[] {
  const names = ["start", "end", "repeat", "note"] as const;
  const of = (name: string) => post.conflicts[`when.${name}`] ?? [];
  if (names.every((n) => of(n).length < 2)) return [];
  const number = (v: string | undefined) => (v ? Number(v) : undefined);
  const all = <T,>(name: (typeof names)[number], read: (v: string) => T) => (of(name).length > 1 ? of(name).map(read) : [post.when?.[name] as T | undefined]);
  const found: Version[] = [];
  for (const start of all("start", number))
    for (const end of all("end", number))
      for (const repeat of all("repeat", String))
        for (const note of all("note", String)) {
          if (start && end && end < start) continue;
          const when = { start, end, repeat, note };
          found.push({ word: whenWords(when, t, language), keep: { when } });
        }
  return found.slice(0, TIMES_MAX);
}

/** "Friday 5 June, 14:30 – 16:00 · every week" */
export function whenWords(when: NonNullable<Post["when"]>, t: Translate, language: Language): string {
  const { start, end, repeat, note } = when;
  const from = start ? dayAndClock(language, start) : "";
  const to = end ? ` – ${start && sameDay(start, end) ? clock(language, end) : dayAndClock(language, end)}` : "";
  return [`${from}${to}`, repeat ? t(`repeat.${repeat}` as MessageKey) : "", note ?? ""].filter(Boolean).join(" · ");
}

/** Writes the version that is kept, also the one that is shown already: it then stands alone for everybody. */
async function settle(board: Board, post: string, version: Version): Promise<void> {
  try {
    await board.editPost(post, version.keep);
  } catch (err) {
    say(t("form.failed", { reason: String(err) }));
  }
}
