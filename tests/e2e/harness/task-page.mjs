// The pages of someone who is signed in, by the roles and names that a screen reader tells.
export class TaskPage {
  constructor(page) {
    this.page = page;
    this.newTask = page.getByRole("textbox", { name: "New task" });
    this.addButton = page.getByRole("button", { name: "Add task" });
    this.list = page.getByRole("list", { name: "Tasks" });
    this.message = page.locator("[role=status]").filter({ hasNotText: /^(Loading tasks…)?$/ });
    this.alert = page.getByRole("alert").filter({ hasText: /\S/ });
    this.undo = page.getByRole("button", { name: "Undo" });
  }

  /** Opens the list and waits until it has been loaded. */
  async open(path = "/tasks") {
    await this.page.goto(path);
    await this.ready();
  }

  async ready() {
    await this.page.locator("button:has-text('Add'):enabled").waitFor();
    await this.filter("All").filter({ hasText: /\d/ }).waitFor();
  }

  async add(title, description) {
    await this.newTask.fill(title);
    if (description !== undefined) {
      await this.page.getByRole("button", { name: "Add a description" }).click();
      await this.page.getByRole("textbox", { name: "Description" }).fill(description);
    }
    await this.addButton.click();
  }

  row(title) {
    return this.list.getByRole("listitem").filter({ has: this.box(title) });
  }

  box(title) {
    return this.page.getByRole("checkbox", { name: title, exact: true });
  }

  button(what, title) {
    return this.page.getByRole("button", { name: `${what} ${title}`, exact: true });
  }

  /** The form that stands in for the row while the task is edited. */
  editor(title) {
    return this.page.getByRole("form", { name: `Edit ${title}`, exact: true });
  }

  /** A row's buttons, where a pointer is: some of them show only then. */
  async press(what, title) {
    await this.row(title).hover();
    await this.button(what, title).click();
  }

  async edit(title, fields) {
    await this.press("Edit", title);
    const form = this.editor(title);
    if (fields.title !== undefined) await form.getByLabel("Title").fill(fields.title);
    if (fields.description !== undefined) await form.getByLabel("Description").fill(fields.description);
    await form.getByRole("button", { name: "Save" }).click();
  }

  filter(name) {
    return this.page.getByRole("group", { name: "Show" }).getByRole("button", { name });
  }

  async counts() {
    const texts = ["All", "Active", "Completed"].map((name) => this.filter(name).textContent());
    return (await Promise.all(texts)).map((text) => Number(/\d+/.exec(text)));
  }

  async titles() {
    return this.list.getByRole("checkbox").evaluateAll((boxes) => boxes.map((box) => box.getAttribute("aria-label")));
  }
}
