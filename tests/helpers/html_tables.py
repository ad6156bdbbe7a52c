"""The tables of a page as texts."""

from html.parser import HTMLParser


class Tables(HTMLParser):
    """Every table of a page: [{'id', 'rows'}], a row being its cells' texts, a cell's text without what is marked as an aside."""

    ASIDES = {"ci", "small", "paper", "median", "why", "tier", "tag", "note"}

    def __init__(self, text):
        super().__init__()
        self.tables, self.cell, self.aside, self.open = [], None, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "table":
            self.tables.append({"id": given.get("id", ""), "rows": []})
        elif tag == "tbody" and self.tables:
            self.tables[-1].setdefault("parts", []).append((given.get("data-m"), len(self.tables[-1]["rows"])))
        elif tag == "tr" and self.tables:
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th") and self.tables:
            self.cell = ""
        elif self.cell is not None:
            self.open.append((tag, bool({tag, *given.get("class", "").split()} & self.ASIDES)))

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1]["rows"][-1].append(self.cell.strip())
            self.cell, self.open = None, []
        elif self.cell is not None and any(name == tag for name, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if self.cell is not None and not any(aside for _, aside in self.open):
            self.cell += data


def tables_of(path):
    return Tables(path.read_text(encoding="utf-8")).tables


def body(table):
    return table["rows"][1:]
