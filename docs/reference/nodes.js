// Nodes of the page. No markup from strings: every text becomes a text node.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

// `code` and **strong** in one line of text.
export function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return make('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return make('strong', {}, part.slice(2, -2));
    return part;
  });
}

// The little Markdown the contract uses: paragraphs, "- " lists, "## " headings.
export function prose(text) {
  return (text || '').trim().split(/\n\s*\n|\n(?=## )|(?<=^## .*)\n/m).filter(Boolean).map((block) => {
    if (block.startsWith('## ')) return make('h2', { id: slug(block.slice(3)) }, block.slice(3));
    if (block.startsWith('- ')) {
      const items = block.split(/\n- /).map((item) => item.replace(/^- /, '').replace(/\s+/g, ' '));
      return make('ul', {}, items.map((item) => make('li', {}, inline(item))));
    }
    return make('p', {}, inline(block.replace(/\s+/g, ' ')));
  });
}

export const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');

// JSON with its keys, texts and numbers told apart.
export function highlight(value) {
  const code = make('pre', { tabindex: 0 });
  if (typeof value === 'string') return code.append(value.trimEnd()), code;
  const text = JSON.stringify(value, null, 2);
  let last = 0;
  for (const match of text.matchAll(/("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b/g)) {
    const kind = match[2] ? 'k' : match[1] ? 's' : 'n';
    code.append(text.slice(last, match.index), make('span', { class: kind }, match[1] || match[0]), match[2] || '');
    last = match.index + match[0].length;
  }
  code.append(text.slice(last));
  return code;
}

export function sample(caption, content) {
  const button = make('button', { class: 'copy', type: 'button', 'aria-label': `Copy: ${caption}` }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(content.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(content);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return make('figure', {}, make('figcaption', {}, caption, button), content);
}
