import { redirect } from "next/navigation";

export default function Page() {
  redirect("/tasks"); // and from there to the sign-in page, if need be
}
