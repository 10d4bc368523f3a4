// "Try it": an operation runs from the page, with the reader's own token, and its curl line follows what is filled in.
// The token stays in this page's memory; a curl line has $TOKEN in its place.

import { examples, resolve } from './contract.js';
import { highlight, make, sample } from './nodes.js';

const SHOWN_CHARACTERS = 100_000;
const token = { text: '', ofSession: false };
const trials = [];

// The claims of a token, unverified; null when it is none.
function claimsOf(text) {
  try {
    const part = text.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(part), (each) => each.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims !== null && typeof claims === 'object' ? claims : null;
  } catch {
    return null;
  }
}

const ended = (claims) => claims.exp !== undefined && claims.exp * 1000 < Date.now() + 5000;

function describeToken() {
  if (!token.text) return 'No token yet.';
  const claims = claimsOf(token.text);
  if (!claims) return 'This is no JSON Web Token.';
  const whose = claims.sub === undefined ? 'A token without a user' : `The token of ${claims.sub}`;
  if (claims.exp === undefined) return `${whose}, without an end.`;
  return `${whose}, ${ended(claims) ? 'ended at' : 'valid until'} ${new Date(claims.exp * 1000).toLocaleTimeString()}.`;
}

function takeToken(text, ofSession) {
  Object.assign(token, { text: text.trim(), ofSession });
  const user = claimsOf(token.text)?.sub;
  if (user !== undefined) trials.forEach((each) => each.suggest('user_id', user));
}

// A token for the web app's session, by Better Auth's own endpoint; an error whose text says what to do.
async function fetchToken() {
  const response = await fetch('/api/auth/token', { cache: 'no-store' });
  if (response.status === 401) throw new Error('You are not signed in to the web app.');
  if (!response.ok) throw new Error(`The web app gave no token (status ${response.status}): paste one.`);
  takeToken((await response.json()).token, true);
}

async function bearer() {
  if (token.ofSession && ended(claimsOf(token.text) ?? {})) await fetchToken();
  return token.text;
}

export function drawToken() {
  const input = make('input', { id: 'token-text', type: 'password', autocomplete: 'off', spellcheck: 'false' });
  const state = make('p', { class: 'note', role: 'status' }, describeToken());
  const button = make('button', { type: 'button' }, 'Use my session in the web app');
  input.addEventListener('input', () => {
    takeToken(input.value, false);
    state.textContent = describeToken();
  });
  button.addEventListener('click', async () => {
    try {
      await fetchToken();
      input.value = token.text;
      state.textContent = describeToken();
    } catch (error) {
      state.textContent = error.message;
    }
  });
  return make('div', { class: 'token' }, make('p', {}, 'To try the operations from this page, paste a token or take one from the web app.'),
    make('label', { for: input.id }, 'Token'), make('div', { class: 'actions' }, input, button), state);
}

const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function compact(text) {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** One operation's form, answer and curl line. `parameters` and `body` are resolved. */
export class Trial {
  constructor({ method, path, parameters, operation, body }) {
    Object.assign(this, { method, path, parameters, operation, types: Object.keys(body?.content ?? {}) });
    this.inputs = new Map(parameters.map((each) => [each.name, this.inputFor(each)]));
    if (body) {
      const [first] = examples(body.content[this.types[0]]);
      const text = first ? JSON.stringify(first[1], null, 2) : '';
      this.body = make('textarea', { id: `${operation.operationId}-body`, rows: Math.max(3, text.split('\n').length), spellcheck: 'false' }, text);
    }
    this.curl = make('pre', { tabindex: 0 });
    this.state = make('p', { class: 'note', role: 'status' });
    this.answer = make('div');
    this.node = operation.servers ? null : this.form();
    this.follow();
    trials.push(this);
  }

  inputFor({ name, schema: reference }) {
    const schema = resolve(reference);
    const attributes = { id: `${this.operation.operationId}-${name}`, autocomplete: 'off', spellcheck: 'false' };
    if (!schema.enum) return make('input', { ...attributes, type: 'text' });
    return make('select', attributes, make('option', { value: '' }, 'not sent'), schema.enum.map((each) => make('option', {}, String(each))));
  }

  form() {
    const fields = this.parameters.map((each) => make('div', {},
      make('label', { for: this.inputs.get(each.name).id }, each.name), this.inputs.get(each.name)));
    const form = make('form', {}, make('div', { class: 'inputs' }, fields),
      this.body ? [make('label', { for: this.body.id }, 'Body'), this.body] : null,
      make('div', { class: 'actions' }, make('button', { type: 'submit', class: 'send' }, 'Send'), this.state));
    form.addEventListener('input', () => this.follow());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    return make('details', { class: 'trial' }, make('summary', {}, 'Try it'), form, this.answer);
  }

  // Fills in what the reader has left empty.
  suggest(name, value) {
    const input = this.inputs.get(name);
    if (!input || input.value) return;
    input.value = value;
    this.follow();
  }

  value = (name) => this.inputs.get(name)?.value.trim() ?? '';

  of = (where) => this.parameters.filter((each) => each.in === where && this.value(each.name)).map((each) => each.name);

  target(missing) {
    const path = this.path.replace(/\{(\w+)\}/g, (_, name) => (this.value(name) ? encode(this.value(name)) : missing(name)));
    const query = this.of('query').map((name) => `${name}=${encode(this.value(name))}`).join('&');
    return query ? `${path}?${query}` : path;
  }

  headers() {
    const headers = this.of('header').map((name) => [name, this.value(name)]);
    if (this.body?.value.trim()) headers.push(['Content-Type', this.types[0]]);
    return headers;
  }

  follow() {
    const place = { user_id: '$USER_ID', id: '42' };
    const url = this.operation.servers ? this.operation.servers[0].url : '$URL';
    const parts = [`curl ${this.method === 'get' ? '' : `-X ${this.method.toUpperCase()} `}"${url}${this.target((name) => place[name])}"`];
    if (!this.operation.security) parts.push('-H "Authorization: Bearer $TOKEN"');
    parts.push(...this.headers().map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`));
    if (this.body?.value.trim()) parts.push(`--data-raw ${quoted(compact(this.body.value))}`);
    this.curl.replaceChildren(parts.join(' \\\n  '));
  }

  async send() {
    const empty = this.parameters.find((each) => each.in === 'path' && !this.value(each.name));
    if (empty) {
      this.state.textContent = `${empty.name} is missing.`;
      this.inputs.get(empty.name).focus();
      return;
    }
    this.state.textContent = 'Sending …';
    this.answer.replaceChildren();
    try {
      const headers = new Headers(this.headers());
      const secret = this.operation.security ? '' : await bearer();
      if (secret) headers.set('Authorization', `Bearer ${secret}`);
      const start = performance.now();
      const response = await fetch(this.target(() => ''), { method: this.method.toUpperCase(), headers, body: this.body?.value.trim() || undefined, cache: 'no-store', credentials: 'omit' });
      const text = await response.text();
      this.state.textContent = `Status ${response.status} after ${Math.round(performance.now() - start)} ms.`;
      this.show(response, text, secret);
    } catch (error) {
      this.state.textContent = `No answer: ${error.message}`;
    }
  }

  show(response, text, secret) {
    const json = /json/.test(response.headers.get('Content-Type') ?? '') && text ? JSON.parse(text) : undefined;
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    if (response.status === 401 && !secret) this.answer.append(make('p', {}, 'No token was sent: ', make('a', { href: '#token' }, 'give one'), '.'));
    if (text) {
      const shown = json !== undefined && text.length <= SHOWN_CHARACTERS ? highlight(json) : highlight(text.slice(0, SHOWN_CHARACTERS));
      const all = text.length <= SHOWN_CHARACTERS ? 'Body' : `Body, its first ${SHOWN_CHARACTERS.toLocaleString('en')} characters`;
      this.answer.append(sample(all, shown));
    }
    this.answer.append(sample('Headers', highlight(lines)));
    const task = Array.isArray(json) ? json[0] : json;
    if (response.ok && Number.isInteger(task?.id)) trials.forEach((each) => each.suggest('id', String(task.id)));
  }
}
