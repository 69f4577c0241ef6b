import type { Category } from "../../app/categories";
import { categoryName } from "../../app/categories";
import { type MessageKey, useT } from "../../app/i18n";
import { LANGUAGES } from "../../app/settings";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";

/** Subjects of this place, besides the kinds: what they are called in each language of the board, and whether posts may be put in them. */
export function Categories(props: { categories: readonly Category[]; languages: readonly string[]; onChange: (categories: Category[]) => void; newId: () => string }) {
  const { categories, languages, onChange } = props;
  const { t, language } = useT();
  const change = (id: string, part: Partial<Category>) => onChange(categories.map((c) => (c.id === id ? { ...c, ...part } : c)));
  const add = () => onChange([...categories, { id: props.newId(), label: {}, icon: "", order: Math.max(0, ...categories.map((c) => c.order)) + 1, hidden: false }]);
  return (
    <section className="stack" aria-labelledby="categories-title">
      <h2 id="categories-title">{t("settingsForm.categories")}</h2>
      <p className="quiet">{t("settingsForm.categoriesHint")}</p>
      {categories.map((c) => (
        <fieldset key={c.id} className="owner-panel stack">
          <legend className="screen-reader">{categoryName(c, language) || t("settingsForm.addCategory")}</legend>
          <div className="field-pair">
            {LANGUAGES.filter((l) => languages.includes(l) || c.label[l]).map((l) => (
              <TextField key={l} lang={l} label={t("settingsForm.categoryIn", { language: t(`lang.${l}` as MessageKey) })} value={c.label[l] ?? ""} maxLength={40} autoComplete="off" onChange={(e) => change(c.id, { label: { ...c.label, [l]: e.target.value } })} />
            ))}
          </div>
          <label className="check">
            <input type="checkbox" checked={c.hidden} onChange={(e) => change(c.id, { hidden: e.target.checked })} />
            <span>{t("settingsForm.categoryHidden")} <span className="screen-reader">{categoryName(c, language)}</span></span>
          </label>
        </fieldset>
      ))}
      <div>
        <Button icon="add" onClick={add}>{t("settingsForm.addCategory")}</Button>
      </div>
    </section>
  );
}
