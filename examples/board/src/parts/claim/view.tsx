import { useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { go } from "../../app/route";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";
import { KindTab } from "../../components/kind";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { Invalid, type Post } from "@tavle/client";
import { Further } from "../post/further";
import { grouped, secretIn } from "./link";
import "./style.css";

/** Characters of a post code. */
const CODE = 4;

/** The neighbour's own phone takes a post over that a volunteer wrote for them, with the secret of their slip. Works offline once the post is here. */
export function Claim({ post: id }: { post: string }) {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const [secret, setSecret] = useState(() => grouped(secretIn(location.hash)));
  const [code, setCode] = useState("");
  const [trouble, setTrouble] = useState("");
  const named = posts.find((p) => p.id === id);
  const post = named ?? (id ? undefined : board.byCode(code)[0]);
  const isOffered = post !== undefined && post.handovers.length > 0;

  if (post?.mine) return <Done post={post} />;
  const take = async () => {
    if (!isOffered) return; // Nothing is known of its secret then.
    try {
      const taken = await board.claim(id || code, secret);
      say(t("claim.done"));
      go({ view: "post", post: taken }, "replace");
    } catch (err) {
      setTrouble(err instanceof Invalid && err.why === "held" ? t("claim.held") : t("claim.wrong"));
    }
  };
  return (
    <form
      className="stack page claim"
      onSubmit={(e) => {
        e.preventDefault();
        void take();
      }}
    >
      <h1>{t("claim.title")}</h1>
      <p>{t("claim.how")}</p>
      {post && (
        <div className="claim-post" data-kind={post.kind}>
          <KindTab kind={post.kind} />
          <p className="claim-title" lang={post.lang}>{post.title}</p>
        </div>
      )}
      {!id && <TextField label={t("claim.code")} value={code} maxLength={8} autoComplete="off" autoCapitalize="characters" spellCheck={false} onChange={(e) => setCode(e.target.value)} />}
      {(id || code.trim().length >= CODE) && !isOffered && (
        <div className="field-thought">
          <Icon name="waiting" /> {post ? <p role="status">{t("claim.waits")}</p> : <Further>{t(id ? "claim.waits" : "claim.unknown")}</Further>}
        </div>
      )}
      <TextField
        label={t("claim.secret")}
        hint={t("claim.secretHint")}
        value={secret}
        maxLength={32}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        onChange={(e) => {
          setTrouble("");
          setSecret(e.target.value.toUpperCase());
        }}
        error={trouble || undefined}
      />
      <Button type="submit" tone="primary" large wide icon="check" aria-disabled={!isOffered}>{t("claim.do")}</Button>
      <p className="quiet small">{t("claim.after")}</p>
    </form>
  );
}

/** It is this phone's already. */
function Done({ post }: { post: Post }) {
  const { t } = useT();
  return (
    <div className="stack page">
      <h1>{t("claim.yours")}</h1>
      <p lang={post.lang}>{post.title}</p>
      <Button tone="primary" large icon="forward" onClick={() => go({ view: "post", post: post.id }, "replace")}>{t("claim.open")}</Button>
    </div>
  );
}
