/** The link on a hand-over slip. Its secret stands after #, so that no server sees it. */
import { format } from "../../app/route";

export function claimLink(board: string, post: string, secret: string): string {
  return `${location.origin}/${format({ board, view: "claim", post })}&s=${secret}`;
}

/** The secret in an address, or "". */
export function secretIn(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get("s") ?? "";
}

/** grouped writes a secret as people read it: four times four, in capitals. */
export function grouped(secret: string): string {
  return (secret.toUpperCase().match(/.{1,4}/g) ?? []).join(" ");
}
