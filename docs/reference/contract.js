// The contract, and what is looked up in it.

export let contract;

export async function loadContract() {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`status ${response.status}`);
  contract = await response.json();
}

export function resolve(node) {
  if (!node || !node.$ref) return node;
  return node.$ref.slice(2).split('/').reduce((at, key) => at[key], contract);
}

export const refName = (node) => (node && node.$ref ? node.$ref.split('/').pop() : null);

// [summary, value] of a media type's examples.
export function examples(media) {
  if (media.example !== undefined) return [['Example', media.example]];
  return Object.values(media.examples || {}).map((each) => [each.summary, each.value]);
}
