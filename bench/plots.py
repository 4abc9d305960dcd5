"""The figures of `bench.concurrency` as plots: one file per figure, a panel per workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from bench.contestants import BASELINE

if TYPE_CHECKING:
    from pathlib import Path

    from bench.concurrency_report import Row

PLOTS = {
    "cpu_us": "CPU per invocation, µs",
    "pss_mib": "memory (PSS), MiB",
    "per_second": "invocations per second",
    "p50_ms": "median latency at the same load, ms",
    "p99_ms": "p99 latency at the same load, ms",
    "start_ms": "exec to all slots polling, ms",
}


def draw(table: list[Row], stem: Path) -> None:
    """Write one SVG beside the raw figures for each of `PLOTS`."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "aioric"  # so that the same figures give the same file
    workloads = list(dict.fromkeys(row.workload for row in table))
    measured = sorted({row.lanes for row in table})
    for figure, title in PLOTS.items():
        panels, axes = plt.subplots(
            1, len(workloads), figsize=(3.4 * len(workloads), 4.0), sharey=True, squeeze=False
        )
        for axis, workload in zip(axes[0], workloads, strict=True):
            for name in dict.fromkeys(row.contestant for row in table):
                rows = [row for row in table if (row.workload, row.contestant) == (workload, name)]
                lanes = [row.lanes for row in rows]
                # Dashed, and above: what it is compared with shows where lines meet.
                style = {"color": "black", "linestyle": "--", "zorder": 3} if name == BASELINE else {}
                values = [getattr(row.median, figure) for row in rows]
                axis.plot(lanes, values, marker="o", markersize=4, label=name, **style)
            axis.set(title=workload, xlabel="invocations at once", xscale="log", yscale="log")
            axis.set_xticks(measured, labels=[str(lanes) for lanes in measured], minor=False)
            axis.set_xticks([], minor=True)
            axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.yaxis.set_minor_formatter(NullFormatter())
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
            axis.grid(visible=True, alpha=0.3)
        axes[0][0].set_ylabel(title)
        lines, names = axes[0][0].get_legend_handles_labels()
        columns = min(len(names), 2 * len(workloads))
        below = 0.02 + 0.055 * -(-len(names) // columns)  # room for the names, which hide no line there
        panels.tight_layout(rect=(0, below, 1, 1))
        panels.legend(lines, names, fontsize="small", loc="lower center", ncols=columns)
        panels.savefig(f"{stem}-{figure}.svg", metadata={"Date": None})
        plt.close(panels)
