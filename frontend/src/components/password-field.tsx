"use client";

import { useId, useState, type Ref } from "react";
import { passwordMax, passwordMin } from "@/client/account-rules";

interface Props {
  label: string;
  name: string;
  /** A password to be made, not one that there is: it is told the rule, and the browser may propose one. */
  fresh?: boolean;
  ref?: Ref<HTMLInputElement>;
}

/** A password, hidden until its owner wants to see it. */
export function PasswordField({ label, name, fresh = false, ref }: Props) {
  const [shown, setShown] = useState(false);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="with-button">
        <input
          ref={ref}
          id={id}
          name={name}
          type={shown ? "text" : "password"}
          autoComplete={fresh ? "new-password" : "current-password"}
          aria-describedby={fresh ? `${id}-rule` : undefined}
          minLength={fresh ? passwordMin : undefined}
          maxLength={passwordMax}
          required
        />
        <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
          Show<span className="hidden"> {label.toLowerCase()}</span>
        </button>
      </div>
      {fresh && <small id={`${id}-rule`}>At least {passwordMin} characters</small>}
    </div>
  );
}
