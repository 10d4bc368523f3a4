import "@/styles/account.css";
import { ResetPassword } from "@/components/reset-password";

export const metadata = { title: "Choose a new password" };

export default function Page() {
  return (
    <main id="main" className="card credentials">
      <h1>Choose a new password</h1>
      <ResetPassword />
    </main>
  );
}
