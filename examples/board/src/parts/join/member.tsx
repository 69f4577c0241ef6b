/** Who this device is, for every part: nobody on an open server, where everything is offered. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Action, Me, Membership, Post, Relation, Role } from "@tavle/client";
import { relationTo } from "@tavle/client";

const Context = createContext<Membership | null>(null);
/** Put it around what belongs to a member. */
export const MembershipProvider = Context;

/** useMembership is null on an open server. */
export function useMembership(): Membership | null {
  return useContext(Context);
}

const none = () => () => undefined;

/** useMe follows what the server last said of this device. */
export function useMe(): Me | null {
  const membership = useContext(Context);
  return useSyncExternalStore(membership ? (fn) => membership.me.subscribe(fn) : none, () => membership?.me.get() ?? null);
}

/** useUnknown: the server does not know this device any more. Nothing is lost here, but nothing goes anywhere. */
export function useUnknown(): boolean {
  const membership = useContext(Context);
  return useSyncExternalStore(membership ? (fn) => membership.standing.subscribe(fn) : none, () => membership?.standing.get().state === "unknown");
}

export type May = (action: Action, relation?: Relation) => boolean;

/** useMay says what is offered on a board. The server decides what is taken. */
export function useMay(board: { id: string } | null): May {
  const membership = useContext(Context);
  useMe();
  return (action, relation = "own") => !membership || (board !== null && membership.may(board.id, action, relation));
}

/** How this member stands to a post; on an open server by the device alone. */
export function useRelation(): (post: Post) => Relation {
  const me = useMe();
  return (post) => (me ? relationTo(post, me.member.ref) : post.mine ? "own" : "other");
}

/** useRoles gives the roles that hold on a board now; on an open server all that an owner needs. */
export function useRoles(board: { id: string } | null): readonly Role[] {
  const membership = useContext(Context);
  useMe();
  return membership && board ? membership.roles(board.id) : [];
}

/** Whether there is anything to look after on a board for this member. */
export function useLooksAfter(board: { id: string } | null): boolean {
  return useRoles(board).some((r) => ["owner", "deputy", "ambassador", "moderator", "observer"].includes(r));
}

/** Whether this member may do on a board what only some roles may. Never on an open server, where nobody has a role. */
export function useDuty(board: { id: string } | null, action: "moderate" | "setIdea"): boolean {
  const may = useMay(board);
  return useContext(Context) !== null && may(action, "other");
}

/** useNotePoster tells the server which board a printed poster is of, so that its scans are counted for it; without a connection it stays a number. */
export function useNotePoster(board: { id: string }): (poster: string, label: string) => void {
  const membership = useContext(Context);
  return (poster, label) => void membership?.call("POST", `/v1/boards/${board.id}/posters`, { poster, label: label.slice(0, 60) }).catch(() => undefined);
}
