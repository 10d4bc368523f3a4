import "@/styles/account.css";
import { VerifyEmail } from "@/components/verify-email";

export const metadata = { title: "Confirm your email" };

export default function Page() {
  return (
    <main id="main" className="card credentials">
      <h1>Confirm your email</h1>
      <VerifyEmail />
    </main>
  );
}
