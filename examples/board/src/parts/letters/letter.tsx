import { type MessageKey, translate } from "../../app/i18n";
import type { Language } from "../../app/settings";
import { dayAndYear } from "../../app/time";
import { Qr } from "../../components/qr";
import { normalCode, showCode, type BoardInfo } from "@tavle/client";
import type { NewInvite } from "../owner/calls";
import "./style.css";

interface About {
  invite: Pick<NewInvite, "code" | "link" | "until" | "roles">;
  info: BoardInfo;
  first: Language;
  second: Language;
}

/** Where a code is typed, without what browsers add by themselves. */
const address = (link: string): string => {
  const { host, pathname } = new URL(link);
  return pathname === "/" ? host : host + pathname;
};

/** One letter, one household, one A4: the code to scan and to type, what for, who is responsible, how to say no. In two languages. */
export function Letter({ invite, info, first, second }: About) {
  const code = showCode(normalCode(invite.code) ?? invite.code);
  const kiosk = invite.roles.includes("visitor");
  const [main, also] = [wordsOf(first, info, invite, kiosk), wordsOf(second, info, invite, kiosk)];
  return (
    <section className="sheet-a4 letter">
      <header className="letter-head">
        <p className="letter-board">{info.title}</p>
        {info.place && <p>{info.place}</p>}
      </header>
      <div lang={first} className="letter-main">
        <h1>{main("letter.title")}</h1>
        <p>{main("letter.purpose")}</p>
        <div className="letter-way">
          <Qr text={invite.link} label={main("print.qr")} />
          <ol>
            <li>{main("letter.scan")}</li>
            <li>{main("letter.type")}</li>
            <li>{main("letter.kiosk")}</li>
          </ol>
        </div>
        <p className="letter-code">{[...code].map((c, i) => (c === "-" ? <span key={i} className="letter-gap">–</span> : <span key={i}>{c}</span>))}</p>
        <p className="letter-small">{main("letter.codeHow")}</p>
        <div className="letter-plain">
          <Point lang={first} words={main} title="letter.whoTitle" text="letter.who" />
          <Point lang={first} words={main} title="letter.knowsTitle" text="letter.knows" />
          <Point lang={first} words={main} title="letter.noTitle" text="letter.no" />
        </div>
      </div>
      <div lang={second} className="letter-also">
        <h2>{also("letter.title")}</h2>
        <p>{also("letter.purpose")} {also("letter.scan")} {also("letter.type")} {also("letter.kiosk")}</p>
        <p>{also("letter.who")} {also("letter.knows")} {also("letter.no")}</p>
      </div>
    </section>
  );
}

function Point({ lang, words, title, text }: { lang: Language; words: (key: MessageKey) => string; title: MessageKey; text: MessageKey }) {
  return (
    <section lang={lang}>
      <h2>{words(title)}</h2>
      <p>{words(text)}</p>
    </section>
  );
}

function wordsOf(language: Language, info: BoardInfo, invite: About["invite"], kiosk: boolean): (key: MessageKey) => string {
  const [contact] = [...info.contacts].filter((c) => c.name).sort((a, b) => a.order - b.order);
  const values = {
    board: info.title,
    address: address(invite.link),
    day: dayAndYear(language, invite.until),
    place: info.place || translate(language, "letter.somePlace"),
    controller: info.controller || info.title,
    contact: contact ? [contact.name, contact.phone.replace(/ /g, "\u00a0")].filter(Boolean).join(", ") : "",
    hasContact: contact ? "yes" : "no",
  };
  return (key) => translate(language, kiosk && key === "letter.purpose" ? "letter.purposeKiosk" : key, values);
}
