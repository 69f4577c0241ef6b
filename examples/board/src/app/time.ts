/** Days and hours as people say them. The time zone is the device's; a time that cannot be is left out. */
import { translate } from "./i18n";
import type { Language } from "./settings";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const locales: Record<Language, string> = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${language}.${name}`;
  let found = formats.get(id);
  if (!found) {
    found = new Intl.DateTimeFormat(locales[language], options);
    formats.set(id, found);
  }
  return found;
}

/** ago: "3 hours ago", "yesterday"; a date when it is longer than a week. */
export function ago(language: Language, then: number, now = Date.now()): string {
  const relative = new Intl.RelativeTimeFormat(locales[language], { numeric: "auto" });
  const past = Math.max(0, now - then);
  if (past < MINUTE) return translate(language, "time.now");
  if (past < HOUR) return relative.format(-Math.floor(past / MINUTE), "minute");
  if (past < DAY) return relative.format(-Math.floor(past / HOUR), "hour");
  if (past < 7 * DAY) return relative.format(-Math.floor(past / DAY), "day");
  return day(language, then, now);
}

/** day: "Friday 5 June", with the year when it is another. */
export function day(language: Language, at: number, now = Date.now()): string {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format(language, "day", { weekday: "long", day: "numeric", month: "long" }).format(at)
    : format(language, "dayYear", { day: "numeric", month: "long", year: "numeric" }).format(at);
}

/** clock: "14:30". */
export function clock(language: Language, at: number): string {
  return format(language, "clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** dayAndClock: "Friday 5 June, 14:30"; without the clock at midnight, which stands for the whole day. */
export function dayAndClock(language: Language, at: number, now = Date.now()): string {
  const then = new Date(at);
  if (then.getHours() === 0 && then.getMinutes() === 0) return day(language, at, now);
  return `${day(language, at, now)}, ${clock(language, at)}`;
}
