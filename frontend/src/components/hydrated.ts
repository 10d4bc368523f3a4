"use client";

import { useSyncExternalStore } from "react";

const never = () => () => {};

/** Whether the page's code has taken over: false on the server and for the first moment in the browser. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
