// Better Auth's own endpoints: sign-up, sign-in, sign-out, session, token, keys.
import { auth } from "@/server/auth";

const handle = (request: Request) => auth().handler(request);

/** Better Auth takes secrets of links in addresses, which end up in logs. Our links do not lead there. */
function read(request: Request): Promise<Response> | Response {
  const { pathname } = new URL(request.url);
  if (/\/(verify-email|reset-password\/.*)$/.test(pathname)) return new Response(null, { status: 404 });
  return handle(request);
}

/** The token of an email's link comes in the body. */
async function write(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (!url.pathname.endsWith("/verify-email")) return handle(request);
  const isJson = request.headers.get("content-type")?.startsWith("application/json"); // so it comes from our own page
  const { token } = isJson ? ((await request.json().catch(() => ({}))) as { token?: unknown }) : {};
  if (typeof token !== "string") return Response.json({ code: "INVALID_TOKEN" }, { status: 400 });
  url.search = new URLSearchParams({ token }).toString();
  const headers = new Headers(request.headers);
  for (const name of ["content-type", "content-length"]) headers.delete(name);
  return handle(new Request(url, { headers }));
}

export { read as GET, write as POST, handle as DELETE, handle as PATCH, handle as PUT };
