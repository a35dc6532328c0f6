"""Check the built site: inner links and anchors lead somewhere, nothing comes from outside."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Attributes by which a browser fetches something when a page is shown.
FETCHED = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("source", "srcset"),
}
#: Links that are notes about a page: browsers fetch nothing for them.
NOTES = {"canonical", "index", "search", "next", "prev", "author", "copyright"}


class Page(HTMLParser):
    """Ids, links and fetched addresses of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what matters of a tag."""
        values = {key: value or "" for key, value in attrs}
        self.ids |= {values[key] for key in ("id", "name") if key in values}
        for key, value in values.items():
            if (tag, key) in FETCHED and values.get("rel") not in NOTES:
                self.fetched.append(value)
            elif key == "href":
                self.links.append(value)


def faults(site: Path) -> list[str]:
    """Return one line for each address that is wrong."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found: list[str] = []
    for path, page in pages.items():
        name = path.relative_to(site)
        outside = [a for a in page.fetched if urlsplit(a).netloc]
        found += [f"{name}: fetches {address}" for address in outside]
        for address in [*page.links, *page.fetched]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{name}: no such page {address}")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].ids
            ):
                found.append(f"{name}: no such anchor {address}")
    return found


def main() -> None:
    """Check the site that the command line names; the exit status is 1 when it has faults."""
    site = Path(sys.argv[1]).resolve()
    if found := faults(site):
        sys.exit("\n".join(found))
    sys.stdout.write(f"{len(list(site.rglob('*.html')))} pages, every link and anchor is there\n")


if __name__ == "__main__":
    main()
