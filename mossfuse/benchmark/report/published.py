"""Published and authors'-weights values beside ours in a cell, with the reasons for the gap."""

from mossfuse.benchmark.report.style import metric_title, number


def published_lines(results, board, compared):
    """Return (method, metric) -> {'text', 'why'}: what stands below our value, and what shows on hover or tap.

    compared: ``published_comparison`` of the board. The value that is nearest to our row's own setting comes first; several
    published values of one metric are all in the explanation.
    """
    out = {}
    own = compared[(compared["convention"] == board.convention) & compared["published"].notna()]
    for (method, metric), rows in own.groupby(["method", "metric"], sort=False):
        if metric not in board.metrics:
            continue
        rows = rows.to_dict("records")
        values = list(dict.fromkeys(number(metric, row["published"]) for row in rows))
        text = f"paper {' / '.join(values)}"
        authors = rows[0]["authors"]
        if authors == authors and not rows[0]["is_authors"]:
            text += f" · authors' weights {number(metric, authors)}"
        out[method, metric] = {
            "text": text,
            "why": "\n".join(reasons(results, board, method, metric, row) for row in rows),
        }
        theirs = rows[0]["authors_method"]
        if theirs and theirs != method:
            rows = [row | {"is_authors": True} for row in rows]
            why = "\n".join(reasons(results, board, theirs, metric, row) for row in rows)
            out.setdefault((theirs, metric), {"text": f"paper {' / '.join(values)}", "why": why})
    for method in board.table["method"]:
        for entry in results.about(method).get("published", []):
            add_unstated(out, results, board, method, entry)
    return out


def add_unstated(out, results, board, method, entry):
    """Add a published value whose source does not state the ratio: it is shown with its source and without a gap."""
    dataset = results.catalogue["datasets"].get(board.dataset, {}).get("dataset", board.dataset)
    if entry.get("ratio") is not None or entry["dataset"].lower() != dataset.lower():
        return
    for metric in (m for m in entry["metrics"] if m in board.metrics):
        value = number(metric, entry["metrics"][metric])
        why = (
            f"Published {metric_title(metric)}: {value} ({entry['setting']}; {entry['source']}). The source does not state the "
            "ratio, the scenes or the exact metric, so no gap is given: it compares with no row of this board."
        )
        before = out.get((method, metric))
        text = f"{before['text']} · listed {value}" if before else f"listed {value} (ratio not stated)"
        out[method, metric] = {"text": text, "why": f"{before['why']}\n{why}" if before else why}


def reasons(results, board, method, metric, row):
    """Return one published value with its gap and, in words, what may explain it."""
    ours = row["authors"] if row["is_authors"] else row["ours"]
    gap = ours - row["published"]
    title = metric_title(metric)
    parts = [f"Published {title}: {number(metric, row['published'])} ({row['setting']}; {row['source']})."]
    if ours != ours:
        return parts[0]
    parts.append(f"Ours − published: {number(metric, gap, sign=True)}.")
    if not row["is_authors"] and row["authors"] == row["authors"]:
        parts.append(
            f"Of that, {number(metric, row['gap_authors'], sign=True)} is there with the authors' own weights on our data "
            f"(data, degradation and metric), and {number(metric, ours - row['authors'], sign=True)} is training."
        )
    return " ".join([*parts, f"Differences: {'; '.join(differences_of(results, board, method, row))}."])


def differences_of(results, board, method, row):
    """Return what differs, as far as the catalogue states it."""
    about, n = results.about(method), len(board.scenes)
    setting = f"here {n} scene{'s' if n != 1 else ''} of {board.dataset}, degradation {board.degradation}, metrics by {board.convention}"
    found = [setting]
    theirs = row["paper_convention"]
    if theirs and theirs != board.convention:
        found.append(f"the paper's metrics follow {theirs}")
    elif not theirs:
        found.append("the paper's exact metric is not known")
    if about.get("shortened"):
        found.append("trained here for fewer steps than in the paper")
    if row["note"]:
        found.append(row["note"].rstrip("."))
    return found
