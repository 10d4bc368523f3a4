// Better Auth's own endpoints: sign-up, sign-in, sign-out, session, token, keys.
import { auth } from "@/server/auth";

const handle = (request: Request) => auth().handler(request);

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT };
