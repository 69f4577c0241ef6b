import { useT } from "../app/i18n";
import { Icon, type IconName } from "../design/icon";
import { isKind } from "../design/kinds";

/** What a kind of a newer version is shown as. */
function known(kind: string) {
  return isKind(kind) ? kind : "notice";
}

/** The word for a kind; one of a newer version is called by its own name. */
export function useKindWord(): (kind: string) => string {
  const { t } = useT();
  return (kind) => (isKind(kind) ? t(`kind.${kind}`) : kind);
}

/** The seal of a kind: its colour and sign. Put the word beside it, or use {@link KindTab}. */
export function KindSeal({ kind, size }: { kind: string; size?: string }) {
  const k = known(kind);
  return (
    <span className="seal" data-kind={k}>
      <Icon name={k as IconName} size={size ?? "1.5em"} />
    </span>
  );
}

/** Colour, sign and word, as a tab that hangs from the upper edge of a card. */
export function KindTab({ kind, more }: { kind: string; more?: string }) {
  const word = useKindWord();
  const k = known(kind);
  return (
    <span className="tab seal" data-kind={k}>
      <Icon name={k as IconName} size="1.3em" />
      <span>
        {word(kind)}
        {more ? ` · ${more}` : ""}
      </span>
    </span>
  );
}
