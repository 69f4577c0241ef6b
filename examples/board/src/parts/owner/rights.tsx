import { type MessageKey, useT } from "../../app/i18n";
import { EVERYBODY, MEMBERS, RIGHTS } from "./rights-table";
import { ROLES, roleSentence, roleWord } from "./roles";

/** Who may see and do what, in plain words: first the roles, then what each allows. */
export function RightsView() {
  const { t } = useT();
  return (
    <>
      <p>{t("rights.lead")}</p>
      <dl className="owner-panel role-words">
        {ROLES.map((r) => (
          <div key={r}>
            <dt>{roleWord(t, r)}</dt>
            <dd>{roleSentence(t, r)}</dd>
          </div>
        ))}
      </dl>
      <table className="owner-table rights-table">
        <caption>{t("rights.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("rights.what")}</th>
            <th scope="col">{t("rights.who")}</th>
          </tr>
        </thead>
        <tbody>
          {RIGHTS.map(({ id, roles }) => (
            <tr key={id}>
              <th scope="row">{t(`right.${id}` as MessageKey)}</th>
              <td>{roles.length === EVERYBODY ? t("rights.everybody") : roles.length === MEMBERS ? t("rights.members") : roles.map((r) => roleWord(t, r)).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>{t("rights.operator")}</p>
      <p>{t("rights.nobody")}</p>
    </>
  );
}
