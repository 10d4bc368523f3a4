// What stands behind the # of a link: no server sees it.

/** The whole of it, as a link of a mail has it. */
export const secretOfLink = () => location.hash.slice(1);

/** An invitation's secret and the email it is for; empty without one. */
export function invitationOfLink(): { invitation: string; email: string } {
  const given = new URLSearchParams(location.hash.slice(1));
  return { invitation: given.get("invitation") ?? "", email: given.get("email") ?? "" };
}
