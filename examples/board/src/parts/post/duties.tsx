/** What moderators and owners may do about a post: it loads for them only. */
import { type ReactNode, Suspense } from "react";
import type { Offer, Post, Reply } from "@tavle/client";
import { useBoard } from "../../app/client";
import { later } from "../../components/later";
import { useDuty } from "../join/member";

const Form = later(() => import("./moderate"));
const Idea = later(async () => ({ default: (await import("./moderate")).IdeaForm }));

/** The moderator's button beside an entry, drawn anew when the entry is taken down or restored. */
export function Moderate({ entry, label }: { entry: Pick<Post | Reply | Offer, "id" | "removed" | "hidden" | "mine">; label?: string }) {
  const moderates = useDuty(useBoard(), "moderate");
  // Nobody moderates their own.
  return moderates && !entry.mine && <Soon><Form key={`${entry.removed} ${entry.hidden}`} entry={entry} label={label} /></Soon>;
}

/** The owner's word on an idea. */
export function IdeaWord({ post }: { post: Post }) {
  const decides = useDuty(useBoard(), "setIdea");
  return decides && <Soon><Idea post={post} /></Soon>;
}

const Soon = ({ children }: { children: ReactNode }) => <Suspense fallback={null}>{children}</Suspense>;
