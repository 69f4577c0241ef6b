import { useApp } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { choose, LANGUAGES, TEXT_SIZES, type Theme, useSettings } from "../../app/settings";
import { useLooksAfter, useMembership } from "../join/member";
import { Choice } from "../../components/choice";
import { TextField } from "../../components/field";
import { Icon, type IconName } from "../../design/icon";
import type { View } from "../../app/route";
import "./style.css";

const places: { view: View; icon: IconName; key: MessageKey }[] = [
  { view: "about", icon: "phone", key: "nav.about" },
  { view: "owner", icon: "people", key: "nav.owner" },
  { view: "boards", icon: "boards", key: "nav.boards" },
  { view: "device", icon: "device", key: "nav.device" },
  { view: "known", icon: "info", key: "nav.known" },
];

/** Language, size of text, light or dark, the name; and the way to what is needed less often. */
export function SettingsView() {
  const { t } = useT();
  const { board } = useApp();
  const { language, theme, textSize, name } = useSettings();
  const member = useMembership() !== null;
  const looksAfter = useLooksAfter(board);
  const shown = places.filter((p) => (p.view !== "known" || member) && (p.view !== "owner" || looksAfter));
  return (
    <div className="stack page">
      <h1>{t("nav.more")}</h1>
      <nav aria-label={t("nav.more")}>
        <ul className="list">
          {shown.map((p) => (
            <li key={p.view}>
              <a className="list-item list-link" href={format({ board: board?.id ?? "", view: p.view })}>
                <Icon name={p.icon} size="1.6em" />
                <span className="grow">{t(p.key)}</span>
                <Icon name="forward" />
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <h2 className="settings-title">{t("nav.settings")}</h2>
      <Choice
        label={t("settings.language")}
        value={language}
        onChange={(l) => void loadMessages(l).then(() => choose({ language: l }))}
        options={LANGUAGES.map((value) => ({ value, label: t(`lang.${value}` as MessageKey) }))}
      />
      <Choice
        label={t("settings.textSize")}
        value={String(textSize)}
        onChange={(s) => choose({ textSize: Number(s) })}
        options={TEXT_SIZES.map((size, i) => ({ value: String(size), label: t(`settings.size.${i}` as MessageKey) }))}
      />
      <Choice<Theme>
        label={t("settings.theme")}
        value={theme}
        onChange={(value) => choose({ theme: value })}
        options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
      />
      <TextField label={t("settings.name")} hint={t("form.nameHint")} value={name} maxLength={40} autoComplete="off" onChange={(e) => choose({ name: e.target.value })} />
    </div>
  );
}
