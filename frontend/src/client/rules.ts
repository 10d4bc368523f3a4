// The contract's rules for what a person types, in the API's own measure: code points.

const titleMax = 200;
const descriptionMax = 10_000;

const length = (text: string) => [...text].length;

export function titleMistake(title: string): string | null {
  const count = length(title.trim());
  if (count === 0) return "A task needs a title.";
  return count > titleMax ? `A title has at most ${titleMax} characters; this one has ${count}.` : null;
}

export function descriptionMistake(description: string): string | null {
  const count = length(description);
  if (count <= descriptionMax) return null;
  return `A description has at most ${descriptionMax.toLocaleString("en")} characters; this one has ${count.toLocaleString("en")}.`;
}
