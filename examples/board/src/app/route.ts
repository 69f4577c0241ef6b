/**
 * Where one is on the phone: all of it in the part of the address after #, so that every view opens from the app shell
 * without a server, and can be shared: `#b=<board>&p=<post>`.
 */
import { useSyncExternalStore } from "react";

/** The views of the phone. `p` names the post for "post" and "edit", and the place for "owner". */
export const VIEWS = ["board", "post", "new", "edit", "mine", "boards", "settings", "device", "about", "claim", "owner", "known", "join", "first"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  /** The board's document id (base58check, without "automerge:"), or "" for the one open last. */
  board: string;
  view: View;
  /** A post's id, or a place of "owner", or "". */
  post: string;
}

/** parse reads the part after #; what it does not know it leaves out. */
export function parse(hash: string): Route {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const board = (fields.get("b") ?? "").replace(/^automerge:/, "");
  const post = fields.get("p") ?? "";
  const named = fields.get("v") as View | null;
  const view = named && VIEWS.includes(named) ? named : post ? "post" : "board";
  return {
    board: /^[1-9A-HJ-NP-Za-km-z]{1,64}$/.test(board) ? board : "",
    view: (view === "post" || view === "edit") && !post ? "board" : view,
    post,
  };
}

/** format writes what parse reads. */
export function format(route: Partial<Route>): string {
  const fields = new URLSearchParams();
  if (route.board) fields.set("b", route.board);
  if (route.view && route.view !== "board" && !(route.view === "post" && route.post)) fields.set("v", route.view);
  if (route.post) fields.set("p", route.post);
  const text = fields.toString();
  return text ? `#${text}` : "#";
}

/** go opens a view of the same board, or of another when `board` is given. */
export function go(route: Partial<Route>, how: "push" | "replace" = "push"): void {
  const hash = format({ board: parse(location.hash).board, ...route });
  if (how === "replace") {
    history.replaceState(null, "", hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = hash;
  }
}

/** useRoute follows the address. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parse(hash);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
