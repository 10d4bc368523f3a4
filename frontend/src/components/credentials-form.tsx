"use client";

import { useEffect, useRef, useState, type FormEvent } from "react";
import { nameMax } from "@/client/account-rules";
import { authenticate, type Credentials } from "@/client/authenticate";
import { invitationOfLink } from "@/client/fragment";
import { home } from "@/client/next-path";
import { useHydrated } from "./hydrated";
import { PasswordField } from "./password-field";
import { SoftLink } from "./soft-link";

const texts = {
  "sign-in": {
    title: "Sign in to Tasklane",
    action: "Sign in",
    busy: "Signing in…",
    question: "New here?",
    other: "Sign up",
  },
  "sign-up": {
    title: "Create your account",
    action: "Sign up",
    busy: "Signing up…",
    question: "Have an account?",
    other: "Sign in",
  },
};

interface Props {
  kind: "sign-in" | "sign-up";
  next: string;
  /** Whether the other of the two pages leads on. */
  other: boolean;
}

/** Signing in and signing up: the same page, but for the name and what a browser's password manager is told. */
export function CredentialsForm({ kind, next, other }: Props) {
  const hydrated = useHydrated();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [mailed, setMailed] = useState<string | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const up = kind === "sign-up";
  const text = texts[kind];
  const query = next === home ? "" : `?next=${encodeURIComponent(next)}`;

  useEffect(() => {
    const invited = up ? invitationOfLink().email : "";
    if (invited && email.current?.value === "") email.current.value = invited;
  }, [up]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as unknown as Credentials;
    const { invitation } = invitationOfLink();
    setBusy(true);
    setError(null);
    const outcome = await authenticate(kind, up && invitation ? { ...given, invitation } : given);
    if ("now" in outcome && outcome.now === "in") return location.replace(next);
    setBusy(false);
    if ("now" in outcome) return setMailed(given.email);
    setError(outcome.mistake);
    password.current?.focus();
  }

  if (mailed !== null) return <Mailed email={mailed} />;
  // Until the page's code is there the button rests, and nothing typed can end up in an address.
  return (
    <main id="main" className="card credentials">
      <h1>{text.title}</h1>
      <form method="post" onSubmit={submit} aria-describedby="form-error">
        {up && (
          <label>
            Name
            <input name="name" autoComplete="name" required maxLength={nameMax} />
          </label>
        )}
        <label>
          Email
          <input
            ref={email}
            name="email"
            type="email"
            autoComplete={up ? "email" : "username"}
            required
            maxLength={254}
          />
        </label>
        <PasswordField ref={password} label="Password" name="password" fresh={up} />
        <p className="form-error" id="form-error" role="alert">
          {error}
        </p>
        <button className="button wide" type="submit" disabled={!hydrated || busy}>
          {busy ? text.busy : text.action}
        </button>
      </form>
      {!up && (
        <p className="aside">
          <SoftLink href="/forgot-password">Forgot your password?</SoftLink>
        </p>
      )}
      {other && (
        <p className="aside">
          {text.question} <SoftLink href={`/${up ? "sign-in" : "sign-up"}${query}`}>{text.other}</SoftLink>
        </p>
      )}
    </main>
  );
}

function Mailed({ email }: { email: string }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <main id="main" className="card credentials">
      <h1 ref={title} tabIndex={-1}>
        Look into your mail
      </h1>
      <p>
        A mail is on its way to {email}. Open the link in it to go on. If none comes, look among the unwanted
        mail.
      </p>
    </main>
  );
}
