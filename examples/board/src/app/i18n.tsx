/**
 * Every sentence a person reads comes from a catalogue: src/messages for what all parts share and for the phone,
 * src/messages/kiosk.*, desk.*, member.* (joining, leaving, roles) and owner.* for those parts. Messages are ICU; the English one names the keys.
 * They come compiled, by scripts/messages.ts: strings, and functions that fill the gaps.
 */
import { useSyncExternalStore } from "react";
import type en from "../messages/en.json";
import type enDesk from "../messages/desk.en.json";
import type enKiosk from "../messages/kiosk.en.json";
import type enMember from "../messages/member.en.json";
import type enOwner from "../messages/owner.en.json";
import { type Catalogue, formatMessage, type Values } from "./message";
import { type Language, settings, useSettings } from "./settings";

export type MessageKey = keyof typeof en | keyof typeof enKiosk | keyof typeof enDesk | keyof typeof enMember | keyof typeof enOwner;
/** Translate: the sentence for a key in the person's language. */
export type Translate = (key: MessageKey, values?: Values) => string;
/** Which catalogue: "" is the shared one. */
export type Scope = "" | "kiosk." | "desk." | "member." | "owner.";

const files = import.meta.glob<Catalogue>("../messages/*.json", { query: "?icu", import: "default" });
const catalogues = new Map<Language, Catalogue>();
const listeners = new Set<() => void>();
const scopes = new Set<Scope>([""]);
const asked = new Map<string, Promise<void>>();
let version = 0;

/** loadMessages fetches the catalogues of a language for the scopes in use, and one more. From the app shell: it works offline. */
export async function loadMessages(language: Language, scope: Scope = ""): Promise<void> {
  scopes.add(scope);
  await Promise.all([...scopes].map((s) => load(s, language)));
}

/** load fetches one catalogue, once; one that did not come is asked for again. */
function load(scope: Scope, language: Language): Promise<void> {
  const name = scope + language;
  let coming = asked.get(name);
  if (!coming) {
    coming = files[`../messages/${name}.json`]!().then((part) => {
      catalogues.set(language, { ...catalogues.get(language), ...part });
      version++;
      for (const listener of listeners) listener();
    });
    coming.catch(() => asked.delete(name));
    asked.set(name, coming);
  }
  return coming;
}

/** translate finds and fills a message. A key that is missing shows itself: the tests look for that. */
export function translate(language: Language, key: MessageKey, values?: Values): string {
  const message = catalogues.get(language)?.[key];
  return message === undefined ? key : formatMessage(message, values);
}

/** useT follows the language and gives the translator; sentences of another language with {@link translate}. */
export function useT(): { t: Translate; language: Language } {
  const { language } = useSettings();
  useSyncExternalStore(subscribe, () => version);
  // Scopes may have come into use while another language was shown.
  if ([...scopes].some((s) => !asked.has(s + language))) void loadMessages(language);
  return { t: (key, values) => translate(language, key, values), language };
}

/** t outside of components, in the language of now. */
export function t(key: MessageKey, values?: Values): string {
  return translate(settings().language, key, values);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
