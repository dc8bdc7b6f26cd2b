# SPDX-License-Identifier: Apache-2.0
"""The table of `make bench`; `python3 bench/report.py` writes the last run's table and plot into docs/."""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def _row(cells: list[str], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths))) + " |"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    return "\n".join([_row(head, widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *(_row(r, widths) for r in rows)])


def _figure(value, form: str) -> str:
    return "" if value is None else format(value, form)


def table(found: dict) -> str:
    rows = [[name, _figure(m["rows_per_s"], ",.0f"), _figure(m["cpu_s"], ".2f"), _figure(m["wall_s"], ".2f"),
             _figure(m["peak_mb"], ",.0f"), _figure(m["first_commit_s"], ".2f"), _figure(m["bytes_written"] / 1e6, ".0f")]
            for name, m in found["median"].items()]
    text = [f"{found['records']:,} reviews, {found['partitions']} partitions, {found['security']}, {found['cores']} cores, "
            f"median of {len(next(iter(found['rounds'].values())))} rounds",
            _markdown(["", "rows/s", "CPU s", "wall s", "peak MB", "first commit s", "MB written"], rows)]
    if found["small_batches"]:
        small = [[name, str(m["batches"]), _figure(m["batch_wall_p50_ms"], ".1f"), _figure(m["batch_wall_p99_ms"], ".1f"),
                  _figure(m["batch_cpu_ms"], ".1f"), _figure(m["cpu_s"], ".2f"), _figure(m["wall_s"], ".2f")]
                 for name, m in found["small_batches"].items()]
        text += ["", "The lab's setting: 1,000 rows a batch",
                 _markdown(["", "batches", "wall ms p50", "wall ms p99", "CPU ms a batch", "CPU s", "wall s"], small)]
    return "\n".join([*text, *ratios(found)])


def ratios(found: dict) -> list[str]:
    """Spark's figures over Sluice's."""
    ours, theirs = found["median"].get("Sluice"), found["median"].get("Spark 4.2.0")
    if not ours or not theirs:
        return []
    lines = ["", "Spark / Sluice: " + ", ".join(f"{label} {theirs[key] / ours[key]:.1f}" for label, key in (
        ("CPU", "cpu_s"), ("wall", "wall_s"), ("memory", "peak_mb"), ("first commit", "first_commit_s")) if ours.get(key))]
    small = found["small_batches"]
    if len(small) == 2:
        ours, theirs = small["Sluice"], small["Spark 4.2.0"]
        lines.append("Spark / Sluice, a small batch: " + ", ".join(f"{label} {theirs[key] / max(ours[key], 0.01):.1f}" for label, key in (
            ("wall", "batch_wall_p50_ms"), ("CPU", "batch_cpu_ms"))))
    return lines


def plot(found: dict) -> str:
    """CPU seconds as bars."""
    bars = [(name, m["cpu_s"]) for name, m in found["median"].items()]
    longest = max(value for _, value in bars)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{40 + 30 * len(bars)}" font-family="sans-serif" '
             f'font-size="13"><text x="8" y="20">CPU seconds for {found["records"]:,} reviews ({found["security"]})</text>']
    for number, (name, value) in enumerate(bars):
        y, width = 34 + 30 * number, max(1, value / longest * 430)
        colour = "#1f6f8b" if name == "Sluice" else "#b8b8b8"
        parts.append(f'<text x="8" y="{y + 15}">{name}</text><rect x="210" y="{y}" width="{width:.0f}" height="20" '
                     f'fill="{colour}"/><text x="{216 + width:.0f}" y="{y + 15}">{value:.2f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    figures = json.loads((ROOT / "build/bench/bronze.json").read_text())
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs/performance-bronze.svg").write_text(plot(figures))
    print(table(figures))
