"""Building the report: tables, figures and pages from a finished grid, into one folder that opens from disk."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import pandas as pd

from mossfuse.benchmark.report import pages, style
from mossfuse.benchmark.report.across import write_across
from mossfuse.benchmark.report.board import make_board
from mossfuse.benchmark.report.cite import to_bibtex, to_json
from mossfuse.benchmark.report.comparisons import with_tests
from mossfuse.benchmark.report.drawing import draw_board
from mossfuse.benchmark.report.latex import paper_to_latex, to_latex
from mossfuse.benchmark.report.load import NoResults, load_results
from mossfuse.benchmark.report.more import more_metrics
from mossfuse.benchmark.report.paper import paper_context, paper_table
from mossfuse.benchmark.report.paper_figures import draw_paper
from mossfuse.benchmark.report.parquet import check_parquet, write_parquet
from mossfuse.benchmark.report.scenes import scene_pages
from mossfuse.benchmark.report.sensors import sensors_context
from mossfuse.benchmark.report.tables import published_comparison, to_csv, to_markdown
from mossfuse.benchmark.report.tiers import with_tiers
from mossfuse.errors import MossFuseError
from mossfuse.metrics import all_columns
from mossfuse.progress import track

HERE = Path(__file__).parent
MANIFEST = "assets/files.json"


@dataclass
class Site:
    """The folder of the report, which remembers every file written, so that stale ones can be removed."""

    out: Path
    files: set = field(default_factory=set)

    def path(self, name):
        """Return the path for the file NAME, make its folder and remember the file."""
        self.files.add(name)
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def text(self, name, content):
        self.path(name).write_text(content, encoding="utf-8")

    def copy(self, source, name):
        if not source.exists():
            raise MossFuseError(f"{source} does not exist; score and render that cell before the report")
        shutil.copyfile(source, self.path(name))


def build_report(results, checkpoints, data, out, tables=None, parquet=False, figures=True):
    """Write index.html and everything it links to into ``out``; return the path of index.html.

    tables: folder of the tables where it is not that of the results. parquet: write the exported tables as Parquet too.
    figures: draw figures, which take half of the time.

    The same results give the same bytes. Files of an earlier report that are no longer part of it are removed,
    foreign files stay. Without any result the report is one page that says so, unless an earlier report is there, which is
    not overwritten. Raises MossFuseError where a table of the results, or pyarrow for Parquet, is missing.
    """
    if parquet:
        check_parquet()
    site = Site(Path(out))
    try:
        content = load_results(results, checkpoints, data, tables)
    except NoResults as error:
        return write_empty(site, error)
    conventions = content.conventions
    boards = {c: [make_board(content, *place, c) for place in content.boards] for c in conventions}
    leading = boards[conventions[0]] = with_tiers(content, with_tests(content, boards[conventions[0]]))
    colours = style.method_colours(content.methods)
    markers = style.method_markers(content.methods)
    pictured = track(leading, "drawing figures") if figures else []
    charts = {b.slug: {} for b in leading} | {b.slug: draw_board(content, b, colours, markers, site) for b in pictured}
    drawn = draw_paper(content, leading, style.looks(content.methods), site) if figures else {}
    sensors = sensors_context(content, leading, site, figures)
    write_exports(site, content, boards)
    if parquet:
        write_parquet(site)
    write_assets(site)
    common = pages.common(content, leading)
    environment = make_environment(common)
    across = write_across(site, content, boards, common["looks"])
    site.text("across.html", environment.get_template("across.html").render(root="", **across))
    for name, template, context in pages.all_pages(content, boards, charts, sensors, site):
        site.text(name, environment.get_template(template).render(root="../" * name.count("/"), **context))
    for name, context in track(scene_pages(content, leading, common["looks"], site), "writing scene pages"):
        site.text(name, environment.get_template("scene.html").render(root="../", **context))
    paper = paper_context(content, leading, drawn, site.files)
    site.text("paper.html", environment.get_template("paper.html").render(root="", **paper))
    remove_stale(site)
    return site.out / "index.html"


def write_empty(site, error):
    """Write the page of a report without results and return its path; raise the error where there is a report already."""
    page = site.out / "index.html"
    if page.exists() and "No results yet" not in page.read_text(encoding="utf-8"):
        raise error
    write_assets(site)
    site.text("index.html", make_environment({}).get_template("empty.html").render(reason=str(error)))
    return page


def make_environment(common):
    """Return the Jinja environment: an undefined name is an error, and all text is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals.update(common, style=style)
    return environment


def write_exports(site, content, boards):
    """Write the long tables, every leaderboard in four formats, what they cite, all comparisons and the published numbers."""
    for table in (content.paths.metrics, content.paths.timing):
        site.copy(table, f"exports/{table.name}")
    for convention, many in boards.items():
        for board in many:
            stem = f"exports/{style.slug(board.dataset, board.degradation, convention)}"
            site.text(f"{stem}.csv", to_csv(board))
            site.text(f"{stem}.md", to_markdown(board))
            site.text(f"{stem}.tex", to_latex(board))
            site.text(f"{stem}.json", to_json(board))
    site.text("exports/references.bib", to_bibtex(content))
    compared = paper_table(content, boards[content.conventions[0]])
    site.text("exports/paper.tex", paper_to_latex(compared))
    site.text("exports/paper.csv", compared.to_csv(index=False, float_format="%.10g", lineterminator="\n"))
    for board in boards[content.conventions[0]]:
        stem = f"exports/{style.slug(board.dataset, board.degradation)}"
        further = more_metrics(content, board)
        if any(name in all_columns() for name in further):
            text = further.assign(rank=further["rank"].astype("Int64")).to_csv(
                index=False, float_format="%.10g", lineterminator="\n"
            )
            site.text(f"{stem}--more.csv", text)
        compared = published_comparison(content, board)
        if len(compared):
            site.text(f"{stem}--published.csv", compared.to_csv(index=False, float_format="%.10g", lineterminator="\n"))

    pairs = [board.pairs for board in boards[content.conventions[0]] if len(board.pairs)]
    if pairs:
        text = pd.concat(pairs).to_csv(index=False, float_format="%.10g", lineterminator="\n")
        site.text("exports/pairs.csv", text)
    tests = pd.concat([board.tests for board in boards[content.conventions[0]]])
    site.text("exports/comparisons.csv", tests.to_csv(index=False, float_format="%.10g", lineterminator="\n"))


def write_assets(site):
    folder = HERE / "assets"
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".css", ".js", ".svg", ".txt"):
            site.copy(path, f"assets/{path.relative_to(folder).as_posix()}")


def remove_stale(site):
    """Remove what an earlier report wrote and this one did not, then remember this one's files."""
    manifest = site.path(MANIFEST)
    earlier = set(json.loads(manifest.read_text(encoding="utf-8"))) if manifest.exists() else set()
    for name in sorted(earlier - site.files):
        (site.out / name).unlink(missing_ok=True)
    manifest.write_text(json.dumps(sorted(site.files), indent=0) + "\n", encoding="utf-8")
