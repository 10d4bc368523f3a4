// What a page must be in both themes and widths: nothing that axe finds grave, no overflow, no target too small.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const looks = ["light", "dark"].flatMap((theme) => [360, 1440].map((width) => ({ theme, width })));
const comfortable = 44; // CSS pixels, WCAG 2.2 criterion 2.5.5

/** What axe finds serious or critical, in one line each. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  const grave = violations.filter((each) => ["serious", "critical"].includes(each.impact));
  return grave.flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html} ${node.failureSummary}`));
}

/** Controls that a finger would miss. A link in running text is exempt, and so is what a larger label stands for. */
function smallTargets(page, smallestTarget) {
  return page.evaluate((smallest) => {
    const controls = [...document.querySelectorAll("a, button, input, textarea, select, summary")];
    const shown = controls.filter((each) => each.checkVisibility() && !each.closest("p") && !each.matches(".skip"));
    return shown
      .map((each) => {
        const { width, height } = each.getBoundingClientRect();
        const around = getComputedStyle(each, "::before"); // which may reach further than what is to be seen
        const reach = [around.width, around.height].map((size) => (around.content === "none" ? 0 : parseFloat(size) || 0));
        return { html: each.outerHTML.slice(0, 120), width: Math.max(width, reach[0]), height: Math.max(height, reach[1]) };
      })
      .filter(({ width, height }) => width < smallest - 0.5 || height < smallest - 0.5)
      .map(({ html, width, height }) => `${width}×${height}: ${html}`);
  }, smallestTarget);
}

/** Nothing moves or fades any more. What is below the pointer is known, and starts to fade, a frame after a new layout. */
async function stillness() {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let moving;
  do {
    for (let frames = 0; frames < 3; frames++) await frame();
    moving = document.getAnimations().filter((each) => each.playState !== "finished");
    await Promise.allSettled(moving.map((each) => each.finished));
  } while (moving.length > 0);
}

/** The page as it is now, in both themes and both widths. Targets have `smallest` CSS pixels on a narrow one. */
export async function inspect(page, what, smallest = comfortable) {
  for (const { theme, width } of looks) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(stillness);
    const where = `${what}, ${theme}, ${width} px`;
    assert.deepEqual(await findings(page), [], where);
    const [content, frame] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= frame, `${where}: ${content} px wide`);
    if (width === 360) assert.deepEqual(await smallTargets(page, smallest), [], where);
  }
}
