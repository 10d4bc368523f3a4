"""usage: installed_links.py FOLDER: in the Markdown pages of an installation's FOLDER/docs, links to files that are not
installed (code, tests) become plain text, so that every link that is left leads somewhere."""

import re
import sys
from pathlib import Path

RENAMED = {".env.example": "env.example"}
FOLDER = Path(sys.argv[1])


def installed(page, link):
    text, target = link[1], link[2]
    if re.match(r"[a-z]+:|#", target):
        return link[0]
    path, anchor = re.match(r"([^#]*)(.*)", target).groups()
    renamed = re.sub(r"[^/]+$", lambda name: RENAMED.get(name[0], name[0]), path)
    return f"[{text}]({renamed}{anchor})" if (page.parent / renamed).exists() else text


for page in FOLDER.glob("docs/**/*.md"):
    before = page.read_text(encoding="utf-8")
    after = re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", lambda link: installed(page, link), before)
    if after != before:
        page.write_text(after, encoding="utf-8")
