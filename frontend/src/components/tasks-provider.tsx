"use client";

import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { watchSession } from "@/client/session-watch";
import { TaskStore, type Snapshot } from "@/client/task-store";

const Context = createContext<TaskStore | null>(null);

/** To the sign-in page and back again; or, when someone else has signed in meanwhile, the page anew for them. */
function leave({ kind }: { kind: string }): void {
  if (kind === "changed") return location.reload();
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

interface Props {
  apiOrigin: string;
  userId: string;
  firstToken: string | null;
  children: ReactNode;
}

export function TasksProvider({ apiOrigin, userId, firstToken, children }: Props) {
  const [store, setStore] = useState<TaskStore | null>(null);

  useEffect(() => {
    const made = new TaskStore(apiOrigin, userId, firstToken, leave);
    setStore(made);
    made.load();
    made.resume();
    const seen = () => document.visibilityState === "visible" && made.refresh();
    const warn = (event: BeforeUnloadEvent) => made.unsaved && event.preventDefault();
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", made.refresh);
    addEventListener("pagehide", made.leaving);
    const back = (event: PageTransitionEvent) => event.persisted && location.reload();
    addEventListener("pageshow", back);
    addEventListener("beforeunload", warn);
    const unwatch = watchSession(userId, (kind) => {
      if (kind === "deleted") made.forget();
      else made.leaving();
      leave({ kind });
    });
    return () => {
      unwatch();
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", made.refresh);
      removeEventListener("pagehide", made.leaving);
      removeEventListener("pageshow", back);
      removeEventListener("beforeunload", warn);
    };
    // One store for the life of the page: a token made later on the server is of no use to it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [apiOrigin, userId]);

  return <Context.Provider value={store}>{children}</Context.Provider>;
}

const nothing: Snapshot = { phase: "loading", items: [], message: null, trouble: null, struggling: false };
const never = () => () => {};

/** The store, once there is one, and what it shows. */
export function useTasks(): [TaskStore | null, Snapshot] {
  const store = useContext(Context);
  const snapshot = useSyncExternalStore(
    store?.subscribe ?? never,
    store?.current ?? (() => nothing),
    () => nothing,
  );
  return [store, snapshot];
}
