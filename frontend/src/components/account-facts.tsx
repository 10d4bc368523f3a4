"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { nameMax } from "@/client/account-rules";
import { callAuth } from "@/client/auth-call";
import { CheckBox } from "./check-box";
import { FieldsForm } from "./fields-form";
import { useHydrated } from "./hydrated";
import { LocalTime } from "./local-time";
import { PasswordField } from "./password-field";

type Field = "name" | "email" | "password";

interface Props {
  user: { name: string; email: string; emailVerified: boolean; createdAt: string };
  /** Whether the server can send mail. */
  mail: boolean;
  /** The form to begin with. */
  first: Field | null;
}

/** Who this is, and the forms to change it, one at a time in the place of what they change. */
export function AccountFacts({ user, mail, first }: Props) {
  const router = useRouter();
  const [open, setOpen] = useState<Field | null>(first);
  const [news, setNews] = useState<string | null>(null);

  async function send(path: string, body: object, done: string): Promise<string | null> {
    const answer = await callAuth(path, body);
    if ("mistake" in answer) return answer.mistake;
    setOpen(null);
    setNews(done);
    router.refresh();
    return null;
  }

  const row = (field: Field) => ({
    field,
    open: open === field,
    onOpen: () => (setOpen(field), setNews(null)),
  });
  const close = () => setOpen(null);
  return (
    <section className="card" aria-label="Your account">
      <dl className="facts">
        <Row label="Name" value={user.name} {...row("name")}>
          <FieldsForm
            label="Change your name"
            action="Save"
            onCancel={close}
            onSubmit={({ name }) => send("/update-user", { name }, "Your name is changed.")}
          >
            <label>
              New name
              <input name="name" autoComplete="name" defaultValue={user.name} required maxLength={nameMax} />
            </label>
          </FieldsForm>
        </Row>
        <Row label="Email" value={user.email} {...row("email")}>
          {mail ? (
            <FieldsForm
              label="Change your email"
              action="Send a link"
              onCancel={close}
              onSubmit={({ email }) =>
                send(
                  "/change-email",
                  { newEmail: email, callbackURL: "/account" },
                  user.emailVerified
                    ? `A mail to ${user.email} asks whether this is you. Open the link in it.`
                    : `A link is on its way to ${email}. The change counts when you open it.`,
                )
              }
            >
              <label>
                New email
                <input name="email" type="email" autoComplete="email" required maxLength={254} />
              </label>
            </FieldsForm>
          ) : (
            <div className="fields">
              <p>This site sends no mail, so it cannot check a new address. Ask the people who run it.</p>
              <button className="button quiet" type="button" onClick={close}>
                Close
              </button>
            </div>
          )}
        </Row>
        <Row label="Password" value="••••••••••" {...row("password")}>
          <FieldsForm
            label="Change your password"
            action="Change password"
            onCancel={close}
            onSubmit={({ old, fresh, others }) =>
              send(
                "/change-password",
                { currentPassword: old, newPassword: fresh, revokeOtherSessions: others === "on" },
                others === "on"
                  ? "Your password is changed, and all other sessions have ended."
                  : "Your password is changed.",
              )
            }
          >
            <PasswordField label="Current password" name="old" />
            <PasswordField label="New password" name="fresh" fresh />
            <CheckBox name="others" label="End all other sessions" />
          </FieldsForm>
        </Row>
        <div>
          <dt>Member since</dt>
          <dd>
            <LocalTime at={user.createdAt} form="date" />
          </dd>
        </div>
      </dl>
      <p className="news" role="status">
        {news}
      </p>
    </section>
  );
}

interface RowProps {
  label: string;
  value: string;
  field: Field;
  open: boolean;
  onOpen: () => void;
  children: ReactNode;
}

function Row({ label, value, field, open, onOpen, children }: RowProps) {
  const hydrated = useHydrated();
  const form = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);

  // The focus goes along: into the form, and back to what opened it.
  useEffect(() => {
    if (open) form.current?.querySelector("input")?.focus();
    else if (wasOpen.current && document.activeElement === document.body) button.current?.focus();
    wasOpen.current = open;
  }, [open]);

  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <span>{value}</span>
        {!open && (
          <button ref={button} className="change" type="button" disabled={!hydrated} onClick={onOpen}>
            Change<span className="hidden"> {field}</span>
          </button>
        )}
        {open && <div ref={form}>{children}</div>}
      </dd>
    </div>
  );
}
