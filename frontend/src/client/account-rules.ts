// What an account's name and password must be: for the server, which enforces it, and for the pages, which say it.

export const nameMax = 100;
export const passwordMin = 10;
export const passwordMax = 128;
