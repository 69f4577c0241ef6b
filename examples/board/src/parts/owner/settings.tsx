import { useEffect, useState } from "react";
import { useApp, useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { LANGUAGES } from "../../app/settings";
import { Button } from "../../components/button";
import { TextArea, TextField } from "../../components/field";
import { DeliveryMark } from "../../components/state";
import { say } from "../../components/toast";
import type { BoardInfo, BoardSettings } from "@tavle/client";
import { useMe, useMembership } from "../join/member";
import { problemWords } from "../join/problem";
import type { Category } from "../../app/categories";
import { useBoardCalls } from "./calls";
import { Categories } from "./categories";

type Contact = BoardInfo["contacts"][number];

/** Title, words about the board, who is responsible, languages, house rules and contacts: the board document. Works offline. */
export function SettingsForm() {
  const { t } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  // What the form opened with: what another owner changes meanwhile is not this one's to change back.
  const [before, setBefore] = useState(info);
  const [form, setForm] = useState(() => formOf(info));
  const [wrong, setWrong] = useState("");
  const rename = useServerTitle();
  const change = (part: Partial<Form>) => setForm((now) => ({ ...now, ...part }));
  const save = async () => {
    if (!form.title.trim()) return setWrong(t("first.needTitle"));
    setWrong("");
    try {
      await board.updateSettings(changesOf(form, before));
      const now = board.info.get();
      setBefore(now);
      setForm(formOf(now));
      say(t("form.saved"));
      rename(now.title);
    } catch (err) {
      say(problemWords(t, err));
    }
  };
  return (
    <form className="stack owner-settings" onSubmit={(e) => { e.preventDefault(); void save(); }}>
      <p>
        {t("settingsForm.lead")} <DeliveryMark delivery={info.delivery} />
      </p>
      <TextField label={t("boards.name")} value={form.title} maxLength={60} autoComplete="off" error={wrong || undefined} onChange={(e) => change({ title: e.target.value })} />
      <TextArea label={t("settingsForm.about")} hint={t("settingsForm.aboutHint")} value={form.about} rows={3} maxLength={500} onChange={(e) => change({ about: e.target.value })} />
      <TextField label={t("settingsForm.controller")} hint={t("settingsForm.controllerHint")} value={form.controller} maxLength={120} onChange={(e) => change({ controller: e.target.value })} />
      <TextField label={t("settingsForm.place")} hint={t("settingsForm.placeHint")} value={form.place} maxLength={120} onChange={(e) => change({ place: e.target.value })} />
      <fieldset className="owner-panel stack-s">
        <legend className="field-label">{t("settingsForm.languages")}</legend>
        {LANGUAGES.map((l) => (
          <label key={l} className="check">
            <input type="checkbox" checked={form.languages.includes(l)} onChange={(e) => change({ languages: e.target.checked ? [...form.languages, l] : form.languages.filter((x) => x !== l) })} />
            <span lang={l}>{t(`lang.${l}` as MessageKey)}</span>
          </label>
        ))}
      </fieldset>
      <section className="stack" aria-labelledby="rules-title">
        <h2 id="rules-title">{t("about.rules")}</h2>
        <p className="quiet">{t("settingsForm.rulesHint")}</p>
        {LANGUAGES.filter((l) => form.languages.includes(l) || form.rules[l]).map((l) => (
          <TextArea key={l} lang={l} label={t("settingsForm.rulesIn", { language: t(`lang.${l}` as MessageKey) })} value={form.rules[l] ?? ""} rows={6} maxLength={4000} onChange={(e) => change({ rules: { ...form.rules, [l]: e.target.value } })} />
        ))}
      </section>
      <Categories categories={form.categories} languages={form.languages} onChange={(categories) => change({ categories })} newId={() => board.newDraft("notice", "").id} />
      <section className="stack" aria-labelledby="contacts-title">
        <h2 id="contacts-title">{t("about.contacts")}</h2>
        <p className="quiet">{t("settingsForm.contactsHint")}</p>
        {form.contacts.map((c, i) => (
          <ContactFields key={c.id} contact={c} onChange={(next) => change({ contacts: form.contacts.map((x, j) => (j === i ? next : x)) })} />
        ))}
        <div>
          <Button icon="add" onClick={() => change({ contacts: [...form.contacts, { id: board.newDraft("notice", "").id, name: "", phone: "", hours: "", note: "", order: form.contacts.length + 1 }] })}>
            {t("settingsForm.addContact")}
          </Button>
        </div>
      </section>
      <div>
        <Button type="submit" tone="primary" large icon="check">{t("do.save")}</Button>
      </div>
    </form>
  );
}

/** The server keeps a title of its own, for letters and lists: gives how to tell it the board's, which waits for a connection. */
function useServerTitle(): (title: string) => void {
  const { client } = useApp();
  const { id } = useBoard();
  const { post } = useBoardCalls(id);
  const membership = useMembership();
  const kept = useMe()?.boards.find((b) => b.id === id)?.title;
  const connected = useObservable(client!.connection).state === "connected";
  const [title, setTitle] = useState("");
  useEffect(() => {
    if (!connected || !title || title === kept) return;
    post("rename", { title }).then(() => membership?.refresh()).catch(() => undefined); // again at the next contact
  }, [connected, title, kept, post, membership]);
  return setTitle;
}

function ContactFields({ contact, onChange }: { contact: Contact; onChange: (contact: Contact) => void }) {
  const { t } = useT();
  return (
    <fieldset className="owner-panel stack">
      <legend className="screen-reader">{contact.name || t("settingsForm.addContact")}</legend>
      <div className="field-pair">
        <TextField label={t("settingsForm.contactName")} value={contact.name} maxLength={120} onChange={(e) => onChange({ ...contact, name: e.target.value })} />
        <TextField label={t("settingsForm.contactPhone")} type="tel" value={contact.phone} maxLength={40} onChange={(e) => onChange({ ...contact, phone: e.target.value })} />
      </div>
      <div className="field-pair">
        <TextField label={t("settingsForm.contactHours")} value={contact.hours} maxLength={120} onChange={(e) => onChange({ ...contact, hours: e.target.value })} />
        <TextField label={t("settingsForm.contactNote")} value={contact.note} maxLength={120} onChange={(e) => onChange({ ...contact, note: e.target.value })} />
      </div>
      {contact.name && (
        <div>
          <Button tone="quiet" icon="remove" aria-label={`${t("settingsForm.removeContact")}: ${contact.name}`} onClick={() => onChange({ ...contact, name: "", phone: "", hours: "", note: "" })}>{t("settingsForm.removeContact")}</Button>
        </div>
      )}
    </fieldset>
  );
}

interface Form {
  title: string;
  about: string;
  controller: string;
  place: string;
  languages: string[];
  rules: Record<string, string>;
  categories: Category[];
  contacts: Contact[];
}

const formOf = (info: BoardInfo): Form => ({
  title: info.title, about: info.about, controller: info.controller, place: info.place, languages: [...info.languages],
  rules: { ...info.houseRules }, categories: [...info.categories], contacts: [...info.contacts].filter((c) => c.name || c.phone).sort((a, b) => a.order - b.order),
});

/** What was really changed, so that two owners who change different things keep both. */
export function changesOf(form: Form, info: BoardInfo): Partial<BoardSettings> {
  const changes: Partial<BoardSettings> = {};
  for (const name of ["title", "about", "controller", "place"] as const) if (form[name].trim() !== info[name]) changes[name] = form[name].trim();
  if ([...form.languages].sort().join() !== [...info.languages].sort().join()) changes.languages = form.languages;
  const rules = Object.entries(form.rules).filter(([l, text]) => text !== (info.houseRules[l] ?? ""));
  if (rules.length > 0) changes.houseRules = Object.fromEntries(rules);
  const categories = form.categories.flatMap((c) => {
    const was = info.categories.find((before) => before.id === c.id);
    const label = Object.fromEntries(Object.entries(c.label).map(([l, name]) => [l, name.trim()]).filter(([l, name]) => name !== (was?.label[l!] ?? "")));
    if (!was) return Object.keys(label).length > 0 ? [[c.id, { label, icon: c.icon, order: c.order, hidden: c.hidden }] as const] : [];
    const changed = { ...(Object.keys(label).length > 0 && { label }), ...(c.hidden !== was.hidden && { hidden: c.hidden }) };
    return Object.keys(changed).length > 0 ? [[c.id, changed] as const] : [];
  });
  if (categories.length > 0) changes.categories = Object.fromEntries(categories);
  const contacts = form.contacts.flatMap(({ id, ...card }) => {
    const was = info.contacts.find((c) => c.id === id);
    const changed = (Object.keys(card) as (keyof typeof card)[]).filter((k) => card[k] !== was?.[k]);
    return changed.length > 0 && (was || card.name.trim()) ? [[id, Object.fromEntries(changed.map((k) => [k, card[k]]))] as const] : [];
  });
  if (contacts.length > 0) changes.contacts = Object.fromEntries(contacts);
  return changes;
}
