"""Changes of a running stack's configuration file."""


def change(stack, **settings):
    """Writes these settings into the file that the stack's programs read, and returns the file's text of before."""
    file = stack.state / "tasklane.env"
    before = file.read_text()
    kept = [line for line in before.splitlines() if line.partition("=")[0] not in settings]
    lines = kept + [f"{name}='{value}'" for name, value in settings.items() if value is not None]
    file.write_text("\n".join(lines) + "\n")
    return before


def put_back(stack, text):
    (stack.state / "tasklane.env").write_text(text)
