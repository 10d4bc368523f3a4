// Whether the session of this page still goes on. Tabs of one browser tell each other at once; what another browser or
// the operator has ended is seen within half a minute, and whenever the page comes back into sight.

const channelName = "tasklane.session";
const checkEveryMs = 30_000;
const checkTimeoutMs = 10_000;

/**
 * ended: there is no session. deleted: nor an account, and what its page keeps goes with it. changed: there may be
 * another session.
 */
export type News = "ended" | "deleted" | "changed";

/** Says of a message where it comes from: a channel delivers to the tab's own watch, too. */
const tab = Math.random();

/** Tells the other tabs of this browser. */
export function tellTabs(news: News): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage({ news, tab });
  channel.close();
}

/** Calls `leave` once when `userId` is signed in no longer. Returns how to stop watching. */
export function watchSession(userId: string, leave: (news: News) => void): () => void {
  const channel = new BroadcastChannel(channelName);

  async function check(): Promise<void> {
    if (!navigator.onLine || document.visibilityState === "hidden") return;
    const signal = AbortSignal.timeout(checkTimeoutMs);
    try {
      // To look on does not make the session longer.
      const answer = await fetch("/api/auth/get-session?disableRefresh=true", { cache: "no-store", signal });
      if (!answer.ok) return;
      const session = (await answer.json()) as { user: { id: string } } | null;
      if (session?.user.id !== userId) end(session ? "changed" : "ended");
    } catch {
      // The network's trouble says nothing about the session.
    }
  }

  function end(news: News): void {
    stop();
    leave(news);
  }

  function stop(): void {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", check);
    channel.close();
  }

  const timer = setInterval(check, checkEveryMs);
  document.addEventListener("visibilitychange", check);
  channel.onmessage = ({ data }: MessageEvent<{ news: News; tab: number }>) => {
    if (data.tab === tab) return;
    if (data.news === "changed") void check();
    else end(data.news);
  };
  return stop;
}
