"use client";

import { useEffect, useState } from "react";
import { callAuth } from "@/client/auth-call";
import { secretOfLink } from "@/client/fragment";
import { tellTabs } from "@/client/session-watch";
import { FieldsForm } from "./fields-form";

/** Confirms by a press: programs that look into mails open its links, and each works once. */
export function VerifyEmail() {
  const [done, setDone] = useState(false);

  async function confirm(): Promise<string | null> {
    const answer = await callAuth<{ user: object | null; status: boolean }>("/verify-email", {
      token: secretOfLink(),
    });
    if ("mistake" in answer) return answer.mistake;
    history.replaceState(null, "", location.pathname); // the secret is used
    tellTabs("changed");
    setDone(true);
    return null;
  }

  // A confirmation by the old address is followed by a mail to the new one: only then the account's page says it.
  useEffect(() => {
    if (done) location.replace("/account");
  }, [done]);

  return (
    <FieldsForm label="Confirm your email" action="Confirm" onSubmit={confirm}>
      <p>Press the button to confirm it.</p>
    </FieldsForm>
  );
}
