// The token for the API: kept in memory alone, renewed before it ends, and once when the API refuses it.

/** The session has ended: only signing in again helps. */
export class SessionEnded extends Error {}

/** Another account has signed in with this browser since the page was made. */
export class AccountChanged extends Error {}

interface Held {
  token: string;
  /** By this computer's clock, counted from when the token came: the two clocks need not agree. */
  endsAt: number;
}

const renewBeforeEndMs = 60_000;

/** The claims of a token, unverified: that is the API's business. */
function claims(token: string): { sub?: string; iat?: number; exp?: number } {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(part)) as { sub?: string };
  } catch {
    return {};
  }
}

export class TokenSource {
  private held: Held | null = null;
  private asking: Promise<string> | null = null;

  /** `ask` gets a new token or throws; `subject` is whose page this is; `first` came along with the page. */
  constructor(
    private readonly ask: () => Promise<string>,
    private readonly subject: string,
    private readonly now: () => number,
    first: string | null,
  ) {
    if (first) this.keep(first);
  }

  /** A token that holds for a while. Callers that come while one is asked for wait for the same. */
  async get(): Promise<string> {
    if (this.held && this.held.endsAt - this.now() > renewBeforeEndMs) return this.held.token;
    this.asking ??= this.renew().finally(() => (this.asking = null));
    return this.asking;
  }

  /** The API refused `token`: it is not given out again. */
  refuse(token: string): void {
    if (this.held?.token === token) this.held = null;
  }

  /** The token in hand, if it still holds: for a page that is being left and cannot wait. */
  current(): string | null {
    return this.held && this.held.endsAt > this.now() ? this.held.token : null;
  }

  private async renew(): Promise<string> {
    const token = await this.ask();
    this.keep(token);
    return token;
  }

  private keep(token: string): void {
    const { sub, iat, exp } = claims(token);
    if (sub !== undefined && sub !== this.subject) throw new AccountChanged();
    const lifetimeS = iat !== undefined && exp !== undefined ? exp - iat : 0;
    this.held = { token, endsAt: this.now() + lifetimeS * 1_000 };
  }
}
