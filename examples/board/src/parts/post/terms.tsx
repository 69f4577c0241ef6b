import { useState } from "react";
import { useBoard } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { choose, useSettings } from "../../app/settings";
import { dayAndClock, fromLocal } from "../../app/time";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import type { Post, Terms as Proposal } from "@tavle/client";

/** An agreement between two groups: what is proposed, who has agreed, and a place to propose something else. */
export function Terms({ post }: { post: Post }) {
  const { t } = useT();
  const [proposing, setProposing] = useState(false);
  const standing = post.terms.filter((x) => x.standing);
  const older = post.terms.filter((x) => !x.standing);
  return (
    <section className="panel stack" aria-labelledby="terms-title">
      <h2 id="terms-title">{t("terms.title")}</h2>
      {standing.length > 1 && (
        <p className="field-thought">
          <Icon name="info" /> <span>{t("terms.several")}</span>
        </p>
      )}
      {standing.length === 0 && <p className="quiet">{t("terms.none")}</p>}
      {standing.map((x) => (
        <OneProposal key={x.id} post={post} terms={x} />
      ))}
      {proposing ? (
        <ProposalForm post={post} onDone={() => setProposing(false)} />
      ) : (
        <div>
          <Button icon="edit" onClick={() => setProposing(true)}>
            {t(post.terms.length > 0 ? "terms.propose" : "terms.proposeFirst")}
          </Button>
        </div>
      )}
      {older.length > 0 && (
        <details>
          <summary>{t("terms.older")}</summary>
          <ul className="stack-s">
            {older.map((x) => (
              <li key={x.id} className="quiet">
                {x.party}: {x.task}, {x.place}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function OneProposal({ post, terms }: { post: Post; terms: Proposal }) {
  const { t, language } = useT();
  const board = useBoard();
  const { name } = useSettings();
  const [party, setParty] = useState(name);
  const [asked, setAsked] = useState(false);
  const acks = post.acks.filter((a) => a.terms === terms.id);
  const agree = () => {
    if (!party.trim()) {
      setAsked(true);
      return;
    }
    void board.acknowledge(post.id, terms.id, party.trim()).catch((err: unknown) => say(t("form.failed", { reason: String(err) })));
    setAsked(false);
  };
  return (
    <div className="terms stack-s">
      <p className="quiet small">{t("terms.proposed", { party: terms.party })}</p>
      <p className="terms-task">{terms.task}</p>
      <div className="row">
        {terms.place && (
          <p className="fact">
            <Icon name="place" size="1.2em" /> {terms.place}
          </p>
        )}
        {terms.start && (
          <p className="fact">
            <Icon name="clock" size="1.2em" /> {dayAndClock(language, terms.start)}
            {terms.repeat ? ` · ${t(`repeat.${terms.repeat}` as MessageKey)}` : ""}
          </p>
        )}
      </div>
      {acks.length === 0 && <p className="quiet">{t("terms.noAck")}</p>}
      {acks.map((a) => (
        <p key={a.id} className="fact strong">
          <Icon name="check" size="1.2em" /> {t("terms.acked", { party: a.party })}
        </p>
      ))}
      {asked && <TextField label={t("terms.party")} value={party} maxLength={40} autoComplete="off" autoFocus onChange={(e) => setParty(e.target.value)} />}
      {!acks.some((a) => a.party === name && name) && (
        <div>
          <Button tone="primary" icon="check" onClick={() => (asked || name ? agree() : setAsked(true))}>
            {t("terms.ack")}
          </Button>
        </div>
      )}
    </div>
  );
}

type Repeat = "" | "weekly" | "monthly";

function ProposalForm({ post, onDone }: { post: Post; onDone: () => void }) {
  const { t } = useT();
  const board = useBoard();
  const { name } = useSettings();
  const now = post.terms.find((x) => x.standing);
  const [party, setParty] = useState(name);
  const [task, setTask] = useState(now?.task ?? post.title);
  const [place, setPlace] = useState(now?.place ?? post.place ?? "");
  const [start, setStart] = useState("");
  const [repeat, setRepeat] = useState<Repeat>((now?.repeat as Repeat) ?? "");
  const send = async () => {
    if (!party.trim() || !task.trim()) return;
    choose({ name: name || party.trim() });
    try {
      const at = fromLocal(start) ?? now?.start;
      await board.propose(post.id, { party: party.trim(), task: task.trim(), ...(place.trim() && { place: place.trim() }), ...(repeat && { repeat }), ...(at && { start: at }) });
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
      <TextField label={t("terms.party")} value={party} maxLength={40} required autoComplete="off" onChange={(e) => setParty(e.target.value)} />
      <TextField label={t("terms.task")} value={task} maxLength={80} required autoComplete="off" onChange={(e) => setTask(e.target.value)} />
      <TextField label={t("terms.place")} value={place} maxLength={60} autoComplete="off" onChange={(e) => setPlace(e.target.value)} />
      <TextField label={t("terms.start")} type="datetime-local" value={start} onChange={(e) => setStart(e.target.value)} />
      <Choice<Repeat>
        label={t("terms.repeat")}
        value={repeat}
        onChange={setRepeat}
        options={[
          { value: "", label: t("terms.once") },
          { value: "weekly", label: t("repeat.weekly") },
          { value: "monthly", label: t("repeat.monthly") },
        ]}
      />
      <div className="row">
        <Button type="submit" tone="primary">
          {t("do.send")}
        </Button>
        <Button tone="quiet" onClick={onDone}>
          {t("do.cancel")}
        </Button>
      </div>
    </form>
  );
}
