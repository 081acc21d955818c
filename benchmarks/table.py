"""The figures as Markdown."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def machine() -> str:
    """One line about where this was measured."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        name = next((line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line), name)
    memory = ""
    if hasattr(os, "sysconf"):
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    day = datetime.now(UTC).date().isoformat()
    return f"{day}; {name}, {os.cpu_count()} cores{memory}; {platform.system()}, Python {platform.python_version()}{load}"


def markdown(figures: dict) -> str:
    """One size on one database."""
    made, pace = figures["sample"], figures["import"]
    lines = [f"### {figures['database']}, {figures['customers']:,} customers", ""]
    if made["records"]:
        per_second = made["records"] / made["seconds"]
        lines += [f"Sample: {made['records']:,} records in {made['seconds']:,.0f} s ({per_second:,.0f} records/s). "]
    lines += [
        f"Import: {pace['door']:,.0f} customers/s through the write door; the bare rows alone {pace['bare']:,.0f}/s.", "",
        "| what | p50 ms | p95 ms | CPU ms | its SQL alone ms | statements | index |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]  # fmt: skip
    for case in figures["cases"]:
        raw = "" if case["raw"] is None else f"{case['raw']:.1f}"
        scans = [finding for finding in case["plan"] if not finding.startswith("sorts")]
        served = f"**{len(scans)} not**" if scans else "yes, sorts" if case["plan"] else "yes"
        times = f"{case['p50']:.1f} | {case['p95']:.1f} | {case['cpu']:.1f}"
        lines.append(f"| {case['name']} | {times} | {raw} | {case['statements']} | {served} |")
    worries = [f"- {case['name']}: `{finding}`" for case in figures["cases"] for finding in case["plan"]]
    return "\n".join([*lines, *(["", "Not served by an index:", "", *worries] if worries else [])])
