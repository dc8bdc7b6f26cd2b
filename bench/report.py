# SPDX-License-Identifier: Apache-2.0
"""What `make bench` found, as text, and as a block of docs/performance.md with a plot beside it; `python3 bench/report.py`
writes the last run's again."""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/performance.md"
PLOT = ROOT / "docs/performance-bronze.svg"
BEGIN, END = "<!-- bench: written by make bench -->", "<!-- bench: end -->"
SPARK = "Spark 4.2.0"
LIMITS = ("raw consume", "Arrow writer, ready columns")


def _row(cells: list[str], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths))) + " |"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    return "\n".join([_row(head, widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *(_row(r, widths) for r in rows)])


def rounds_of(count: int) -> str:
    return "one round" if count == 1 else f"medians of {count} alternating rounds"


def _figure(value, form: str) -> str:
    return "" if value is None else format(value, form)


def whole_jobs(found: dict) -> str:
    rows = [[name, _figure(m["rows_per_s"], ",.0f"), _figure(m["rows_per_s"] * 456 / 1e6, ".0f"),
             _figure(m["cpu_s_per_million"], ".2f"), _figure(m["wall_s"], ".2f"), _figure(m["peak_mb"], ",.0f"),
             _figure(m["first_commit_s"], ".2f"), _figure(m["bytes_written"] / 1e6 or None, ".0f")]
            for name, m in found["median"].items()]
    rounds = max((len(r) for r in found["rounds"].values()), default=0)
    return "\n\n".join([
        f"{found['records']:,} reviews of 456 bytes, {found['partitions']} partitions, {found['security']}, "
        f"{found['cores']} cores, {found['machine']}, {found['when']}; medians of up to {rounds} alternating rounds:",
        _markdown(["", "rows/s", "MB/s", "CPU s a million", "wall s", "peak MB", "first commit s", "MB written"], rows)])


def small_batches(found: dict) -> str:
    rows = [[name, str(m["batches"]), _figure(m["batch_wall_p50_ms"], ".1f"), _figure(m["batch_wall_p99_ms"], ".1f"),
             _figure(m["batch_cpu_ms"], ".1f"), _figure(m["first_commit_s"], ".2f"), _figure(m["cpu_s"], ".2f"),
             _figure(m["wall_s"], ".2f")]
            for name, m in found["small_batches"].items()]
    return "The lab's setting, 1,000 rows a batch:\n\n" + _markdown(
        ["", "batches", "wall ms p50", "wall ms p99", "CPU ms a batch", "first commit s", "CPU s", "wall s"], rows)


def steady(found: dict) -> str:
    rows = [[name, f"{m['rate']:,}", str(m["batches"]), _figure(m["p50_ms"], ".0f"), _figure(m["p99_ms"], ".0f"),
             _figure(m["cpu_share"], ".2f"), _figure(m["peak_mb"], ",.0f")] for name, m in found["steady"].items()]
    return "A steady stream, from when a record is due to when the sink log names its file:\n\n" + _markdown(
        ["", "rows/s", "batches", "latency ms p50", "latency ms p99", "CPU s a second", "peak MB"], rows)


def read(found: dict) -> str:
    tables = sorted({table for m in found["read"].values() for table in m})
    rows = [[name, *(_figure(m.get(table), ".2f") for table in tables)] for name, m in found["read"].items()]
    return "Reading the table of the last round whole, seconds:\n\n" + _markdown(
        ["read by", *(f"written by {table}" for table in tables)], rows)


def _times(label: str, theirs, ours) -> list[str]:
    return [f"{label} {theirs / ours:.1f}"] if theirs and ours else []


def ratios(found: dict) -> str:
    """The ratios that are aimed at."""
    median = found["median"]
    ours = median.get("Sluice")
    if not ours:
        return ""
    lines = []
    if all(name in median for name in LIMITS):
        limit = sum(median[name]["cpu_s"] for name in LIMITS)
        lines.append(f"- Sluice's CPU seconds over the sum of the limits ({' + '.join(LIMITS)}): {ours['cpu_s'] / limit:.2f}")
    keys = (("CPU", "cpu_s"), ("wall", "wall_s"), ("memory", "peak_mb"), ("first commit", "first_commit_s"))
    for name, label in ((SPARK, "Spark's whole job"), (f"{SPARK}, warm query", "a warm Spark query")):
        if name in median:
            parts = [part for word, key in keys for part in _times(word, median[name].get(key), ours.get(key))]
            lines.append(f"- {label} over Sluice's: {', '.join(parts)}")
    small = found["small_batches"]
    if "Sluice" in small and SPARK in small:
        parts = [part for word, key in (("wall", "batch_wall_p50_ms"), ("CPU", "batch_cpu_ms"))
                 for part in _times(word, small[SPARK][key], max(small["Sluice"][key], 0.01))]
        lines.append(f"- Spark's batch of 1,000 rows over Sluice's: {', '.join(parts)}")
    return "\n".join(lines)


def text(found: dict) -> str:
    parts = [whole_jobs(found) if found["median"] else "", ratios(found),
             small_batches(found) if found["small_batches"] else "", steady(found) if found["steady"] else "",
             read(found) if found["read"] else ""]
    return "\n\n".join(part for part in parts if part)


def plot(found: dict) -> str:
    """CPU seconds as bars."""
    bars = [(name, m["cpu_s"]) for name, m in found["median"].items()]
    longest = max(value for _, value in bars)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{40 + 26 * len(bars)}" font-family="sans-serif" '
             f'font-size="13"><rect width="100%" height="100%" fill="white"/><text x="8" y="20">CPU seconds for '
             f'{found["records"]:,} reviews ({found["security"]})</text>']
    for number, (name, value) in enumerate(bars):
        y, width = 34 + 26 * number, max(1, value / longest * 430)
        colour = "#1f6f8b" if name.startswith("Sluice") else "#d9a441" if name in LIMITS else "#b8b8b8"
        parts.append(f'<text x="8" y="{y + 14}">{name}</text><rect x="210" y="{y}" width="{width:.0f}" height="18" '
                     f'fill="{colour}"/><text x="{216 + width:.0f}" y="{y + 14}">{value:.2f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def put(begin: str, end: str, block: str) -> None:
    """Puts a block of text between two marks of docs/performance.md."""
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(f"{before}{begin}\n{block}\n{end}{rest.split(end)[1]}")


def write_docs(found: dict) -> None:
    """Puts the text between the marks of docs/performance.md, and the plot beside it."""
    picture = ""
    if found["median"]:
        PLOT.write_text(plot(found))
        picture = f"![CPU seconds of the bronze job]({PLOT.name})\n\n"
    put(BEGIN, END, picture + text(found))


if __name__ == "__main__":
    figures = json.loads((ROOT / "build/bench/bronze.json").read_text())
    write_docs(figures)
    print(text(figures))
