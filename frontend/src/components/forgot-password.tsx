"use client";

import { useState } from "react";
import { callAuth } from "@/client/auth-call";
import { FieldsForm } from "./fields-form";

/** Asks for a link by mail. The answer is the same whether there is such an account or not. */
export function ForgotPassword() {
  const [sent, setSent] = useState<string | null>(null);

  async function send({ email = "" }: Record<string, string>): Promise<string | null> {
    const answer = await callAuth("/request-password-reset", { email });
    if ("mistake" in answer) return answer.mistake;
    setSent(email);
    return null;
  }

  return (
    <>
      {sent === null && (
        <FieldsForm label="Forgot your password?" action="Send a link" onSubmit={send}>
          <label>
            Email
            <input name="email" type="email" autoComplete="username" required maxLength={254} />
          </label>
        </FieldsForm>
      )}
      <p className="news" role="status">
        {sent !== null &&
          `If there is an account with ${sent}, a mail with a link is on its way. The link works once and for an hour.`}
      </p>
    </>
  );
}
