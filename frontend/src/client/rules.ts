// The contract's rules for what a person types, in the API's own measure: code points.

const titleMax = 200;
const descriptionMax = 10_000;

const length = (text: string) => [...text].length;

function tooLong(what: string, text: string, max: number): string | null {
  const count = length(text);
  if (count <= max) return null;
  return `A ${what} has at most ${max.toLocaleString("en")} characters; this one has ${count.toLocaleString("en")}.`;
}

export function titleMistake(title: string): string | null {
  return title.trim() === "" ? "A task needs a title." : tooLong("title", title.trim(), titleMax);
}

export function descriptionMistake(description: string): string | null {
  return tooLong("description", description, descriptionMax);
}
