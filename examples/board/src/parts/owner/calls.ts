/** The calls that owners make, and what comes back: the server's HTTP API, as its API.md has it. Moments are milliseconds since 1970. */
import { useCallback, useEffect, useState } from "react";
import type { Role } from "@tavle/client";
import { useMembership } from "../join/member";

export interface RoleGiven {
  role: Role;
  from?: number;
  until?: number;
}

export interface Member {
  ref: string;
  label: string;
  kiosk: boolean;
  operator: boolean;
  created?: number;
  roles: RoleGiven[];
  /** That are not revoked. */
  devices: number;
}

export interface Device {
  id: string;
  member: string;
  memberLabel?: string;
  label: string;
  kind: string;
  added: number;
  lastSeen?: number;
  leaseDays: number;
  leaseEnded?: boolean;
  revoked?: number;
  appVersion?: string;
  /** Milliseconds that its clock is ahead. */
  clockOffset: number;
  unsent?: number;
}

export interface Invite {
  id: string;
  roles: Role[];
  label: string;
  batch?: string;
  usesMax: number;
  uses: number;
  made: number;
  until: number;
  revoked?: number;
  open: boolean;
  /** Who made it could not make it now. */
  void?: boolean;
}

/** A member who has lost roles, and how many invites that the member had made ended with them. */
export interface Removed extends Member {
  invitesEnded?: number;
}

/** With what is shown once. */
export interface NewInvite extends Invite {
  code: string;
  link: string;
}

export interface Usage {
  batch?: string;
  label: string;
  made: number;
  until: number;
  invites: number;
  usesMax: number;
  uses: number;
  revoked: number;
}

export interface Invites {
  invites: Invite[];
  batches: Usage[];
}

export interface Refused {
  id: string;
  document: string;
  device: string;
  member: string;
  reason: string;
  path?: string;
  at: number;
  bytes: number;
  dropped?: boolean;
}

export interface Poster {
  poster: string;
  label: string;
  scans: number;
  days?: { date: string; scans: number }[];
}

export interface Numbers {
  [name: string]: number | Record<string, number>;
}

/** Asks something of a board: get(path) and post(path, body), below /v1/boards/<board>. Throws Problem. */
export function useBoardCalls(board: string) {
  const membership = useMembership();
  const get = useCallback(<T>(path: string) => membership!.call<T>("GET", `/v1/boards/${board}/${path}`), [membership, board]);
  const post = useCallback(<T>(path: string, body: object = {}) => membership!.call<T>("POST", `/v1/boards/${board}/${path}`, body), [membership, board]);
  return { get, post };
}

export interface Asked<T> {
  /** Null until the server has answered. */
  value: T | null;
  problem: unknown;
  again: () => void;
}

/** useAsked asks once, and again when told to; what was answered stays until then. */
export function useAsked<T>(ask: () => Promise<T>, key: string): Asked<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    ask().then(
      (answer) => {
        if (gone) return;
        setValue(answer);
        setProblem(null);
      },
      (err: unknown) => {
        if (!gone) setProblem(err);
      },
    );
    return () => {
      gone = true;
    };
  }, [key, round]);
  return { value, problem, again: () => setRound((n) => n + 1) };
}
