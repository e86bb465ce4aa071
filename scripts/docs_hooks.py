"""What a site needs of docs/ beyond mkdocs.yml: its navigation, the two pages that stand outside, and Markdown as
GitHub reads it. The pages are written for both."""

import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

# Pages of the root of the repository, by their names in the site.
OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
CODE = re.compile(r"`[^`]*`")


def on_config(config):
    """The navigation is the list of all pages in docs/index.md: a section for each of its headings."""
    index = Path(config.docs_dir, "index.md").read_text(encoding="utf-8")
    _, found, pages = index.partition("\n## All pages\n")
    if not found:
        raise PluginError("docs/index.md has no list of all pages")
    nav, seen = ["index.md"], {"index.md"}
    for part in pages.split("\n### ")[1:]:
        title, _, text = part.partition("\n")
        entries = []
        for _, target in LINK.findall(text):
            name = in_site("index.md", target)
            if name and name.endswith(".md") and name not in seen:
                seen.add(name)
                entries.append(name)
        nav.append({title.strip(): entries})
    config.nav = nav
    return config


def on_files(files, config):
    root = Path(config.config_file_path).parent
    for source, name in OUTSIDE.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=lines_outside_fences(text, moved)))
    return files


def on_page_markdown(markdown, page, config, files):
    where = page.file.src_uri
    return lines_outside_fences(markdown, lambda line: as_here(line, where))


def parts(target):
    """The path of a link, and its anchor with the #."""
    path, mark, anchor = target.partition("#")
    return path, mark + anchor


def in_site(where, target):
    """The page or file of the site that a link of the page `where` leads to, as below docs/; None outside of it."""
    path, _ = parts(target)
    if "://" in target or not path:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(where), path))
    if path.startswith("../"):
        return OUTSIDE.get(path[3:])
    return path


def lines_outside_fences(text, change):
    """The text, with what is no code changed line by line."""
    lines, fence = [], None
    for line in text.splitlines():
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (fence is None or line.strip() == fence):
            fence = mark.group(1) if fence is None else None
        elif fence is None:
            line = change(line)
        if line is not None:
            lines.append(line)
    return "\n".join(lines) + "\n"


def moved(line):
    """A line of a page of the root, as if it stood in docs/."""

    def link(match):
        words, target = match.groups()
        path, rest = parts(target)
        if "://" in target or not path:
            return match.group(0)
        return f"{words}({posixpath.relpath(path, 'docs')}{rest})"

    return LINK.sub(link, line)


def as_here(line, where):
    """A line as Python's Markdown has to get it for what GitHub makes of it."""
    # What the tests run and generate is marked by comments, which nobody has to load.
    if re.fullmatch(r"\s*<!--.*-->\s*", line):
        return None
    if line.startswith("|"):
        # In a table GitHub wants a | in code escaped, and takes the backslash away.
        line = CODE.sub(lambda code: code.group(0).replace("\\|", "|"), line)

    def link(match):
        words, target = match.groups()
        path, rest = parts(target)
        if "://" in target or not path:
            return match.group(0)
        name = in_site(where, target)
        if name is None:
            # A file of the sources. The site has no address of them to link to.
            return words[1:-1]
        here = posixpath.relpath(name, posixpath.dirname(where) or ".")
        return f"{words}({here}{rest})"

    return LINK.sub(link, line)
