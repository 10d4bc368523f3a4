// Passwords that are tried first.
import { dictionary } from "@zxcvbn-ts/language-common";

const commonest = new Set(dictionary["passwords-common"]);

/** Whether many people have it, in whatever case, or it is one of theirs twice, or two characters again and again. */
export function isCommon(password: string): boolean {
  const lower = password.toLowerCase();
  const half = lower.slice(0, lower.length / 2);
  return new Set(lower).size <= 2 || commonest.has(lower) || (half + half === lower && commonest.has(half));
}
