import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Icon } from "../../design/icon";
import type { BoardInfo } from "@tavle/client";
import "./style.css";

/** House rules and contact cards: for the moment when there is no internet and one needs a number. */
export function About() {
  const { t, language } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const rules = info.houseRules[language] ?? Object.values(info.houseRules)[0];
  const contacts = [...info.contacts].sort((a, b) => a.order - b.order);
  return (
    <div className="stack page">
      <h1>{t("nav.about")}</h1>
      {info.about && <p>{info.about}</p>}
      <section className="stack" aria-labelledby="contacts">
        <h2 id="contacts">{t("about.contacts")}</h2>
        {contacts.length === 0 ? <p className="quiet">{t("about.noContacts")}</p> : contacts.map((c) => <Contact key={c.id} contact={c} />)}
      </section>
      <section className="stack" aria-labelledby="rules">
        <h2 id="rules">{t("about.rules")}</h2>
        {rules ? <p className="prose panel">{rules}</p> : <p className="quiet">{t("about.noRules")}</p>}
      </section>
      {info.controller && <p>{t("about.controller", { name: info.controller })}</p>}
      <p className="quiet">{t("about.offline")}</p>
    </div>
  );
}

function Contact({ contact }: { contact: BoardInfo["contacts"][number] }) {
  return (
    <article className="contact panel">
      <h3>{contact.name}</h3>
      {contact.phone && (
        <p>
          <a className="contact-phone" href={`tel:${contact.phone.replace(/[^+\d]/g, "")}`}>
            <Icon name="phone" /> {contact.phone}
          </a>
        </p>
      )}
      {contact.hours && (
        <p className="fact">
          <Icon name="clock" size="1.2em" /> {contact.hours}
        </p>
      )}
      {contact.note && <p>{contact.note}</p>}
    </article>
  );
}
