/**
 * What the person on this device has chosen: language, theme, size of text, name. Kept in localStorage, written nowhere else.
 * A kiosk calls {@link forget}, and keeps its choices in memory only.
 */
import { useSyncExternalStore } from "react";

/** Languages with a complete catalogue. */
export const LANGUAGES = ["da", "nl", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Theme = "system" | "light" | "dark";
/** Factors of the size of text. */
export const TEXT_SIZES = [1, 1.15, 1.3, 1.6] as const;

export interface Settings {
  language: Language;
  theme: Theme;
  textSize: number;
  /** The name that is shown with this person's posts; empty until chosen. */
  name: string;
  /** The board that was open last: its address, or "". */
  board: string;
  installHintClosed: boolean;
}

const KEY = "tavle.settings";
const listeners = new Set<() => void>();
let inMemory = false;
let current = load();

/** The first language of the browser that we speak; Danish without one. */
function browserLanguage(): Language {
  for (const tag of typeof navigator === "undefined" ? [] : navigator.languages) {
    const found = LANGUAGES.find((l) => tag.toLowerCase().startsWith(l));
    if (found) return found;
  }
  return "da";
}

function defaults(): Settings {
  return { language: browserLanguage(), theme: "system", textSize: 1, name: "", board: "", installHintClosed: false };
}

function load(): Settings {
  const settings = defaults();
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    if (LANGUAGES.includes(stored.language as Language)) settings.language = stored.language as Language;
    if (stored.theme === "light" || stored.theme === "dark") settings.theme = stored.theme;
    if (TEXT_SIZES.includes(stored.textSize as 1)) settings.textSize = stored.textSize as number;
    if (typeof stored.name === "string") settings.name = stored.name.slice(0, 40);
    if (typeof stored.board === "string") settings.board = stored.board;
    settings.installHintClosed = stored.installHintClosed === true;
  } catch {
    // Storage that is switched off or holds something else: the defaults do.
  }
  return settings;
}

/** settings is what is chosen now. */
export function settings(): Settings {
  return current;
}

/** choose changes some settings, keeps them and shows them. */
export function choose(change: Partial<Settings>): void {
  current = { ...current, ...change };
  if (!inMemory) {
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // Shown all the same, until the page closes.
    }
  }
  show();
  for (const listener of listeners) listener();
}

/** keepInMemory: from now on nothing is written to the device. For kiosks. */
export function keepInMemory(): void {
  inMemory = true;
}

/** forget goes back to the defaults, with the language given. */
export function forget(language?: Language): void {
  choose({ ...defaults(), ...(language ? { language } : {}), board: current.board });
}

/** show puts theme, size and language on the page. Call it before the first paint. */
export function show(): void {
  const root = document.documentElement;
  const dark = current.theme === "dark" || (current.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.style.setProperty("--text-size", String(current.textSize));
  root.lang = current.language;
}

/** useSettings follows the settings. */
export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, settings);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
