"use client";

import { useState } from "react";
import { callAuth } from "@/client/auth-call";
import { secretOfLink } from "@/client/fragment";
import { tellTabs } from "@/client/session-watch";
import { FieldsForm } from "./fields-form";
import { PasswordField } from "./password-field";
import { SoftLink } from "./soft-link";

/** A new password, by the secret of a link. All sessions end with it. */
export function ResetPassword() {
  const [done, setDone] = useState(false);

  async function save({ password }: Record<string, string>): Promise<string | null> {
    const answer = await callAuth("/reset-password", { newPassword: password, token: secretOfLink() });
    if ("mistake" in answer) return answer.mistake;
    history.replaceState(null, "", location.pathname); // the secret is used
    tellTabs("changed");
    setDone(true);
    return null;
  }

  return (
    <>
      {!done && (
        <FieldsForm label="Choose a new password" action="Save password" onSubmit={save}>
          <PasswordField label="New password" name="password" fresh />
        </FieldsForm>
      )}
      <p className="news" role="status">
        {done && "Your password is changed, and all sessions have ended."}
      </p>
      <p className="aside">
        <SoftLink href={done ? "/sign-in" : "/forgot-password"}>
          {done ? "Sign in" : "Ask for another link"}
        </SoftLink>
      </p>
    </>
  );
}
