import { useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { unsaved } from "../../app/saved";
import { ago } from "../../app/time";
import { choose, useSettings } from "../../app/settings";
import { Button } from "../../components/button";
import { TextArea, TextField } from "../../components/field";
import { DeliveryMark } from "../../components/state";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { Moderate } from "./duties";
import { useKeptText } from "./kept-text";
import { Moderated } from "./moderated";
import type { Offer, Post } from "@tavle/client";

// To these nobody comes to help, one answers.
const without = new Set(["notice", "question", "idea", "arrangement"]);

/** Who can help, and "I can help". */
export function Offers({ post }: { post: Post }) {
  const { t } = useT();
  const board = useBoard();
  const [asking, setAsking] = useState(false);
  const { offers } = post;
  const own = offers.find((o) => o.mine && !o.withdrawn && !o.removed);
  const canOffer = !without.has(post.kind) && !post.mine && !own && post.state !== "closed";
  if (offers.length === 0 && !canOffer) return null;
  const key = post.kind === "event" ? "post.canHelp.event" : post.kind === "request" || post.kind === "lostFound" ? "post.canHelp" : "post.interested";
  return (
    <section className="panel stack no-print" aria-labelledby="offers-title">
      <h2 id="offers-title" className={offers.length ? "" : "screen-reader"}>
        {t("post.offers")}
      </h2>
      {post.acceptedOffers.length > post.helpersWanted && (
        <p className="field-thought">
          <Icon name="info" /> <span>{t("post.severalHelpers", { n: post.acceptedOffers.length })}</span>
        </p>
      )}
      {offers.length > 0 && (
        <ul className="stack">
          {offers.map((o) => (
            <OfferItem key={o.id} post={post} offer={o} />
          ))}
        </ul>
      )}
      {own && (
        <div className="row">
          <p>{t("post.helpSaid")}</p>
          <Button tone="quiet" icon="undo" onClick={() => void board.withdrawOffer(post.id, own.id)}>
            {t("post.withdraw")}
          </Button>
        </div>
      )}
      {canOffer &&
        (asking ? (
          <OfferForm post={post} onDone={() => setAsking(false)} />
        ) : (
          <Button tone="primary" icon="offer" large wide onClick={() => setAsking(true)}>
            {t(key)}
          </Button>
        ))}
    </section>
  );
}

function OfferItem({ post, offer }: { post: Post; offer: Offer }) {
  const { t, language } = useT();
  const board = useBoard();
  const answer = offer.accepted ? "accepted" : offer.answers.at(-1)?.answer;
  return (
    <li className="said" data-withdrawn={offer.withdrawn || undefined}>
      <p className="said-by">
        <strong>{offer.author}</strong> <span className="quiet small">{ago(language, offer.createdAt)}</span>
        {answer && <span className="stamp">{t(answer === "accepted" ? "post.accepted" : "post.declined")}</span>}
        {offer.withdrawn && <span className="stamp">{t("post.withdrawn")}</span>}
        {offer.mine && <DeliveryMark delivery={offer.delivery} />}
      </p>
      <Moderated entry={offer} removed={t("post.offerRemoved")} hidden={t("post.offerHidden")}>
        {offer.message && <p className="prose">{offer.message}</p>}
      </Moderated>
      {!offer.withdrawn && <Moderate entry={offer} label={offer.author} />}
      {post.mine && !offer.withdrawn && !offer.removed && (
        <div className="row">
          {!offer.accepted && (
            <Button icon="check" onClick={() => void board.answerOffer(post.id, offer.id, "accepted")}>
              {t("post.accept")}
            </Button>
          )}
          {answer !== "declined" && (
            <Button tone="quiet" onClick={() => void board.answerOffer(post.id, offer.id, "declined")}>
              {t("post.decline")}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

/** Characters of an offer's message, as the schema says. */
const MESSAGE_MAX = 1_000;

function OfferForm({ post, onDone }: { post: Post; onDone: () => void }) {
  const { t } = useT();
  const board = useBoard();
  const { name } = useSettings();
  const [author, setAuthor] = useState(name);
  const message = useKeptText(board.id, `${post.id}.offer`, MESSAGE_MAX);
  const [id] = useState(() => board.newDraft("", "").id); // sending twice makes one
  const [tried, setTried] = useState(false);
  const send = async () => {
    setTried(true);
    if (!author.trim() || message.error) return;
    choose({ name: author.trim() });
    try {
      await board.offerHelp(post.id, { id, author: author.trim(), message: message.text.trim() });
      const kept = !unsaved(board, post.id, id);
      if (kept) message.drop();
      say(t(kept ? "form.posted" : "state.unsaved"));
      onDone();
    } catch (err) {
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <TextArea label={t("post.helpMessage")} hint={t("post.helpHint")} rows={3} autoFocus {...message.props} />
      {!name && (
        <TextField
          label={t("form.name")}
          hint={t("form.nameHint")}
          value={author}
          maxLength={40}
          autoComplete="off"
          onChange={(e) => setAuthor(e.target.value)}
          error={tried && !author.trim() ? t("form.needName") : undefined}
        />
      )}
      <div className="row">
        <Button type="submit" tone="primary" icon="check">
          {t("do.send")}
        </Button>
        <Button
          tone="quiet"
          onClick={() => {
            message.drop();
            onDone();
          }}
        >
          {t("do.cancel")}
        </Button>
      </div>
    </form>
  );
}
