"""The figures of `bench.concurrency` as plots: one file per figure, a panel per workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

    from bench.concurrency import Row

PLOTS = {
    "cpu_us": "CPU per invocation, µs",
    "pss_mib": "memory (PSS), MiB",
    "per_second": "invocations per second",
    "p99_ms": "p99 latency at the same load, ms",
    "start_ms": "exec to all slots polling, ms",
}


def draw(table: list[Row], stem: Path) -> None:
    """Write one SVG beside the raw figures for each of `PLOTS`."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "aioric"  # so that the same figures give the same file
    workloads = list(dict.fromkeys(row.workload for row in table))
    for figure, title in PLOTS.items():
        panels, axes = plt.subplots(
            1, len(workloads), figsize=(3.4 * len(workloads), 3.2), sharey=True, squeeze=False
        )
        for axis, workload in zip(axes[0], workloads, strict=True):
            for name in dict.fromkeys(row.contestant for row in table):
                rows = [row for row in table if (row.workload, row.contestant) == (workload, name)]
                lanes = [row.lanes for row in rows]
                axis.plot(lanes, [getattr(row.median, figure) for row in rows], marker="o", label=name)
            axis.set(title=workload, xlabel="invocations at once", xscale="log", yscale="log")
            axis.grid(visible=True, alpha=0.3)
        axes[0][0].set_ylabel(title)
        axes[0][-1].legend(fontsize="x-small")
        panels.tight_layout()
        panels.savefig(f"{stem}-{figure}.svg", metadata={"Date": None})
        plt.close(panels)
