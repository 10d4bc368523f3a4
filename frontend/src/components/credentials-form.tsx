"use client";

import { useRef, useState, type FormEvent } from "react";
import { authenticate, type Credentials } from "@/client/authenticate";
import { home } from "@/client/next-path";
import { useHydrated } from "./hydrated";
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

/** Signing in and signing up: the same page, but for the name and what a browser's password manager is told. */
export function CredentialsForm({ kind, next }: { kind: "sign-in" | "sign-up"; next: string }) {
  const hydrated = useHydrated();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [shown, setShown] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const up = kind === "sign-up";
  const text = texts[kind];
  const query = next === home ? "" : `?next=${encodeURIComponent(next)}`;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as unknown as Credentials;
    setBusy(true);
    setError(null);
    const mistake = await authenticate(kind, given);
    if (mistake === null) return location.replace(next);
    setBusy(false);
    setError(mistake);
    password.current?.focus();
  }

  // Until the page's code is there the button rests, and nothing typed can end up in an address.
  return (
    <main id="main" className="card credentials">
      <h1>{text.title}</h1>
      <form method="post" onSubmit={submit} aria-describedby="form-error">
        {up && (
          <label>
            Name
            <input name="name" autoComplete="name" required maxLength={100} />
          </label>
        )}
        <label>
          Email
          <input
            name="email"
            type="email"
            autoComplete={up ? "email" : "username"}
            required
            maxLength={254}
          />
        </label>
        <div className="field">
          <label htmlFor="password">Password</label>
          <div className="with-button">
            <input
              ref={password}
              id="password"
              name="password"
              type={shown ? "text" : "password"}
              autoComplete={up ? "new-password" : "current-password"}
              aria-describedby={up ? "password-rule" : undefined}
              minLength={up ? 8 : undefined}
              maxLength={128}
              required
            />
            <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
              Show<span className="hidden"> password</span>
            </button>
          </div>
          {up && <small id="password-rule">At least 8 characters</small>}
        </div>
        <p className="form-error" id="form-error" role="alert">
          {error}
        </p>
        <button className="button wide" type="submit" disabled={!hydrated || busy}>
          {busy ? text.busy : text.action}
        </button>
      </form>
      <p className="aside">
        {text.question} <SoftLink href={`/${up ? "sign-in" : "sign-up"}${query}`}>{text.other}</SoftLink>
      </p>
    </main>
  );
}
