import "@/styles/account.css";
import { ForgotPassword } from "@/components/forgot-password";
import { SoftLink } from "@/components/soft-link";
import { config } from "@/server/config";

export const metadata = { title: "Forgot your password?" };

export default function Page() {
  return (
    <main id="main" className="card credentials">
      <h1>Forgot your password?</h1>
      {config().mail ? (
        <ForgotPassword />
      ) : (
        <p>
          This site sends no mail. Ask the people who run it: they can make a link with which you choose a new
          password.
        </p>
      )}
      <p className="aside">
        <SoftLink href="/sign-in">Back to sign in</SoftLink>
      </p>
    </main>
  );
}
