/**
 * Days and hours as people say them, in the time zone of the board that is open: a party at four is at four for whoever reads of it,
 * and on a tablet whose zone was never set.
 */
import { translate } from "./i18n";
import type { Language } from "./settings";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const locales: Record<Language, string> = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
/** The last moment that a Date can be; formatting one past it fails, and takes the page with it. */
const LATEST = 8.64e15;
const formats = new Map<string, Intl.DateTimeFormat>();
let zone: string | undefined;

/** setTimeZone takes the board's zone (an IANA name); one that this browser does not know leaves the device's. */
export function setTimeZone(name: string): void {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    zone = name;
  } catch {
    zone = undefined;
  }
}

function format(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${language}.${name}.${zone ?? ""}`;
  let found = formats.get(id);
  if (!found) {
    found = new Intl.DateTimeFormat(locales[language], { ...options, timeZone: zone });
    formats.set(id, found);
  }
  return found;
}

/** bounded is a moment that can be shown: what others write may be none. */
function bounded(at: number): number {
  return Number.isFinite(at) ? Math.min(LATEST, Math.max(-LATEST, at)) : 0;
}

/** ago: "3 hours ago", "yesterday"; a date when it is longer than a week. */
export function ago(language: Language, then: number, now = Date.now()): string {
  const relative = new Intl.RelativeTimeFormat(locales[language], { numeric: "auto" });
  const past = Math.max(0, now - then);
  // What lies days ahead was not written "just now": this clock is wrong, or the writer's was.
  if (then > now + DAY) return dayAndYear(language, then);
  if (past < MINUTE) return translate(language, "time.now");
  if (past < HOUR) return relative.format(-Math.floor(past / MINUTE), "minute");
  if (past < DAY) return relative.format(-Math.floor(past / HOUR), "hour");
  if (past < 7 * DAY) return relative.format(-Math.floor(past / DAY), "day");
  return day(language, then, now);
}

/** day: "Friday 5 June", with the year when it is another. */
export function day(language: Language, at: number, now = Date.now()): string {
  const sameYear = parts(at).slice(0, 4) === parts(now).slice(0, 4);
  return sameYear ? format(language, "day", { weekday: "long", day: "numeric", month: "long" }).format(bounded(at)) : dayAndYear(language, at);
}

/** dayAndYear: "5 June 2026". */
export function dayAndYear(language: Language, at: number): string {
  return format(language, "dayYear", { day: "numeric", month: "long", year: "numeric" }).format(bounded(at));
}

/** clock: "14:30". */
export function clock(language: Language, at: number): string {
  return format(language, "clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(bounded(at));
}

/** dayAndClock: "Friday 5 June, 14:30"; without the clock at midnight, which stands for the whole day. */
export function dayAndClock(language: Language, at: number, now = Date.now()): string {
  if (parts(at).endsWith("T00:00")) return day(language, at, now);
  return `${day(language, at, now)}, ${clock(language, at)}`;
}

/** sameDay by the board's time zone. */
export function sameDay(a: number, b: number): boolean {
  return parts(a).slice(0, 10) === parts(b).slice(0, 10);
}

/** toLocal gives a moment as a datetime-local field has it: "2026-06-05T14:30", in the board's zone; "" for none. */
export function toLocal(at: number | undefined): string {
  return at === undefined ? "" : parts(at);
}

/** fromLocal reads what a datetime-local field holds; undefined for anything else. */
export function fromLocal(text: string): number | undefined {
  const wall = Date.parse(`${text}Z`);
  if (!Number.isFinite(wall)) return undefined;
  // The zone's distance from UTC at about that moment; a second look where the clock is changed in between.
  let at = wall;
  for (let i = 0; i < 2; i++) at = wall - (Date.parse(`${parts(at)}Z`) - Math.floor(at / MINUTE) * MINUTE);
  return at;
}

/** "YYYY-MM-DDTHH:MM" in the board's zone. */
function parts(at: number): string {
  const found = format("en", "parts", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(bounded(at));
  const value = (type: string) => found.find((p) => p.type === type)?.value ?? "00";
  return `${value("year").padStart(4, "0")}-${value("month")}-${value("day")}T${value("hour")}:${value("minute")}`;
}
