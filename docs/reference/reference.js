// Draws /openapi.json, without a library.

import { contract, examples, loadContract, refName, resolve } from './contract.js';
import { highlight, inline, make, prose, sample, slug } from './nodes.js';
import { drawToken, Trial } from './trial.js';

const COMMON_HEADERS = ['X-Request-Id', 'Cache-Control']; // told once, in the introduction
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

// What a value may be, in words.
function typeOf(reference) {
  const schema = resolve(reference);
  const parts = [];
  if (schema.type === 'array') {
    const name = refName(schema.items);
    parts.push('array of ', name && contract.components.schemas[name].properties
      ? make('a', { href: `#schema-${name}` }, name) : resolve(schema.items).type);
  } else if (schema.enum) {
    parts.push(schema.enum.length === 1 ? 'always ' : 'one of ');
    schema.enum.forEach((value, at) => parts.push(at ? ', ' : '', make('code', {}, String(value))));
  } else {
    parts.push(schema.type + (schema.nullable ? ' or null' : ''));
  }
  if (schema.minLength != null && schema.maxLength != null) parts.push(`, ${schema.minLength}–${schema.maxLength} characters`);
  else if (schema.maxLength != null) parts.push(`, at most ${schema.maxLength.toLocaleString('en')} characters`);
  if (schema.minimum != null) parts.push(schema.maximum != null ? `, ${schema.minimum} to ${schema.maximum}` : `, at least ${schema.minimum}`);
  if (schema.format === 'date-time') parts.push(', date and time');
  if (schema.default != null) parts.push(', default ', make('code', {}, String(schema.default)));
  return make('span', { class: 'type' }, parts);
}

function field(name, schema, { required = false, where = '', description } = {}) {
  return make('div', {},
    make('dt', {}, name, required ? make('span', { class: 'must' }, 'required') : null),
    make('dd', {}, make('p', {}, typeOf(schema), where ? make('span', { class: 'type' }, `, in the ${where}`) : null),
      prose(description ?? resolve(schema).description)));
}

function fields(schema) {
  const required = schema.required || [];
  return make('dl', { class: 'fields' }, Object.entries(schema.properties || {})
    .map(([name, value]) => field(name, value, { required: required.includes(name) })));
}

function answer(status, reference) {
  const response = resolve(reference);
  const [kind, media] = Object.entries(response.content || {})[0] || [];
  const inner = [];
  const headers = Object.entries(response.headers || {}).filter(([name]) => !COMMON_HEADERS.includes(name));
  if (headers.length) {
    inner.push(make('h4', {}, 'Headers'), make('dl', { class: 'fields' },
      headers.map(([name, each]) => field(name, resolve(each).schema, { description: resolve(each).description }))));
  }
  if (media) {
    const name = refName(media.schema);
    inner.push(make('h4', {}, 'Body'), make('p', { class: 'note' }, make('code', {}, kind), ' ',
      name && resolve(media.schema).properties ? make('a', { href: `#schema-${name}` }, name) : typeOf(media.schema)));
    examples(media).forEach(([caption, value]) => inner.push(sample(caption, highlight(value))));
    if (kind.includes('json') && name && !inner.some((each) => each.tagName === 'FIGURE')) inner.push(fields(resolve(media.schema)));
  }
  if (!inner.length) inner.push(make('p', { class: 'note' }, 'No body.'));
  return make('details', { class: 'answer' },
    make('summary', {}, make('span', { class: `status${status < '300' ? ' good' : ''}` }, status),
      make('span', { class: 'says' }, prose(response.description))),
    make('div', {}, inner));
}

function badge(method) {
  return make('span', { class: `method ${method}` }, method.toUpperCase());
}

function drawOperation({ method, path, item, operation }) {
  const parameters = [...(item.parameters || []), ...(operation.parameters || [])].map(resolve);
  const body = resolve(operation.requestBody);
  const media = body && Object.values(body.content)[0];
  const taken = media ? examples(media) : [];
  const left = [prose(operation.description)];
  if (parameters.length) {
    left.push(make('h4', {}, 'Parameters'), make('dl', { class: 'fields' }, parameters.map((each) =>
      field(each.name, each.schema, { required: each.required, where: each.in, description: each.description }))));
  }
  if (media) {
    left.push(make('h4', {}, body.required ? 'Body' : 'Body, optional'), fields(resolve(media.schema)));
  }
  const trial = new Trial({ method, path, parameters, operation, body });
  const right = [sample('curl', trial.curl),
    ...taken.slice(1).map(([caption, value]) => sample(caption, highlight(value)))];
  const [status, success] = Object.entries(operation.responses).find(([each]) => each < '300');
  const [given] = Object.values(resolve(success).content || {});
  if (given) examples(given).slice(0, 1).forEach(([, value]) => right.push(sample(`Answer ${status}`, highlight(value))));
  const notes = [];
  if (item.head && method === 'get') notes.push('HEAD is answered in the same way, without the body.');
  if (operation.security) notes.push('Needs no token.');
  if (operation.servers) notes.push(`${operation.servers[0].description}: this page does not reach it.`);
  const path_parts = path.split(/(\{[^}]+\})/).map((part) => (part.startsWith('{') ? make('b', {}, part) : part));
  return make('article', { id: operation.operationId, 'aria-labelledby': `${operation.operationId}-title` },
    make('h3', { id: `${operation.operationId}-title` }, operation.summary,
      make('a', { class: 'anchor', href: `#${operation.operationId}`, 'aria-label': `Link to ${operation.summary}` }, '#')),
    make('p', { class: 'line' }, badge(method), make('span', { class: 'path' }, path_parts)),
    make('div', { class: 'halves' }, make('div', {}, left.flat(), notes.length ? make('p', { class: 'note' }, notes.join(' ')) : null),
      make('div', {}, right)),
    trial.node,
    make('h4', {}, 'Answers'),
    Object.entries(operation.responses).map(([status, each]) => answer(status, each)),
    item['x-other-methods'] ? make('p', { class: 'note' }, 'Any other method: 405, ',
      make('code', {}, `Allow: ${item['x-other-methods'].allow}`)) : null);
}

function drawErrors() {
  const problem = contract.components.schemas.Problem;
  const meanings = problem.properties.error_type['x-meanings'];
  const statuses = (word) => problem.oneOf.map((each) => each.properties)
    .filter((each) => each.error_type.enum.includes(word)).flatMap((each) => each.status_code.enum).join(', ');
  const rows = Object.entries(meanings).map(([word, meaning]) => make('tr', {},
    make('td', {}, make('code', {}, word)), make('td', {}, statuses(word)), make('td', {}, inline(meaning))));
  return make('section', { id: 'errors-table' }, make('h2', {}, 'Errors'),
    make('p', {}, 'Every error of every path, with what to do about it. ', make('a', { href: '#schema-Problem' }, 'Problem'), ' is their shape.'),
    make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Errors' }, make('table', {},
      make('thead', {}, make('tr', {}, ['error_type', 'Status', 'Meaning'].map((each) => make('th', { scope: 'col' }, each)))),
      make('tbody', {}, rows))));
}

function drawSchemas() {
  const shown = Object.entries(contract.components.schemas).filter(([, schema]) => schema.properties);
  return make('section', { id: 'schemas' }, make('h2', {}, 'Schemas'), shown.map(([name, schema]) =>
    make('article', { id: `schema-${name}` }, make('h3', {}, name), prose(schema.description), fields(schema))));
}

function drawNavigation(groups) {
  const entry = (href, ...content) => make('li', {}, make('a', { href }, content));
  return groups.map(([title, entries]) => [make('h2', {}, title),
    make('ul', {}, entries.map(([href, label, method]) => entry(href, method ? badge(method) : null, make('span', {}, label))))]).flat();
}

// Marks the entry of the part that is being read.
function follow(nav) {
  const links = new Map([...nav.querySelectorAll('a')].map((link) => [link.getAttribute('href').slice(1), link]));
  const observer = new IntersectionObserver((entries) => {
    const seen = entries.find((each) => each.isIntersecting);
    if (!seen) return;
    links.forEach((link) => link.removeAttribute('aria-current'));
    links.get(seen.target.id).setAttribute('aria-current', 'true');
  }, { rootMargin: '0px 0px -75% 0px' });
  for (const id of links.keys()) {
    const target = document.getElementById(id);
    if (target) observer.observe(target);
  }
}

function draw() {
  const main = document.getElementById('content');
  const nav = document.getElementById('nav');
  const operations = Object.entries(contract.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method])
    .map((method) => ({ path, item, method, operation: item[method] })));
  const intro = make('section', { class: 'intro' }, make('p', { class: 'version' }, `Version ${contract.info.version}, OpenAPI ${contract.openapi}`),
    prose(contract.info.description), make('h2', { id: 'token' }, 'The token'), prose(contract.components.securitySchemes.bearerAuth.description),
    drawToken());
  const groups = [['Overview', [...intro.querySelectorAll('h2')].map((head) => [`#${head.id}`, head.textContent])]];
  const sections = contract.tags.map((tag) => {
    const own = operations.filter((each) => each.operation.tags.includes(tag.name));
    groups.push([tag.name, own.map(({ method, operation }) => [`#${operation.operationId}`, operation['x-short'] || operation.summary, method])]);
    return make('section', { id: slug(tag.name) }, make('h2', {}, tag.name), prose(tag.description), own.map(drawOperation));
  });
  const schemas = drawSchemas();
  groups.push(['Reference', [['#errors-table', 'Errors'], ...[...schemas.querySelectorAll('article')]
    .map((each) => [`#${each.id}`, each.querySelector('h3').textContent])]]);
  main.append(intro, ...sections, drawErrors(), schemas);
  nav.append(...drawNavigation(groups));
  if (matchMedia('(max-width: 820px)').matches) document.querySelector('.menu').open = false;
  follow(nav);
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

async function load() {
  const state = document.getElementById('state');
  try {
    await loadContract();
    draw();
    state.remove();
  } catch (error) {
    state.replaceChildren(`The contract could not be loaded (${error.message}). It is a readable text as well: `,
      make('a', { href: '/openapi.yaml' }, 'openapi.yaml'), '.');
  }
}

load();
