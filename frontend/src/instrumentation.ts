// What the server does before it serves.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { boundStopping, checkConfiguration } = await import("./server/start");
  checkConfiguration();
  boundStopping();
}
