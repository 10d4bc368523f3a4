"use client";

import { useState } from "react";
import { tellTabs } from "@/client/session-watch";

export function SignOut() {
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);

  async function signOut() {
    setBusy(true);
    setFailed(false);
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch("/api/auth/sign-out", { method: "POST", headers, body: "{}" });
      if (!response.ok) throw new Error();
      tellTabs("ended");
      location.replace("/sign-in"); // a new page: nothing of this account stays in memory
    } catch {
      setBusy(false);
      setFailed(true);
    }
  }

  return (
    <>
      <button className="button quiet" type="button" onClick={signOut} disabled={busy}>
        Sign out
      </button>
      <p className="form-error" role="alert">
        {failed && "You could not be signed out. Check your connection and try again."}
      </p>
    </>
  );
}
