"""The part of scripts/bench about many clusters: time, memory and requests beside the least possible, and
plots."""

import json
import math
import pathlib
import statistics
import subprocess

RATE, LATENCY, PAGE = 100, 0.05, 50
SIZES = (10, 100, 1000, 10000)


class Fleet:
    """A run over so many clusters."""

    def __init__(self, clusters, change, again, log):
        self.clusters, self.change, self.again = clusters, change, again
        # The sandbox keeps the last ones of many; they are numbered.
        self.requests = log[-1]["n"] - max(log[0]["n"], 1) + 1 if log[0]["n"] < 50 else log[-1]["n"]
        self.throttled = sum(1 for entry in log if entry["status"] == 429)
        # What the first five seconds take: so many answers; those that are not kept any more are the first.
        early = 5 * RATE - (self.requests - len(log))
        late = []
        for entry in log:
            if early <= 0:
                late.append(entry["status"])
            elif entry["status"] != 429:
                early -= 1
        self.late = sum(1 for status in late if status == 429) / max(len(late), 1)
        self.writes = sum(1 for entry in log if entry["method"] == "PATCH" and entry["status"] == 200)

    @property
    def pages(self):
        return math.ceil(self.clusters / PAGE)


def least(clusters):
    """What no client can be faster than: a request a cluster and the pages twice, at the rate of the server,
    and the pages one after another."""
    return 1.04 * clusters / RATE + math.ceil(clusters / PAGE) * LATENCY


def nothing(clusters):
    return math.ceil(clusters / PAGE) * LATENCY


def flags(clusters):
    return ["--clusters", str(clusters), "--latency", f"{LATENCY * 1000:.0f}ms", "--rate", f"{RATE}/s", "--no-oidc"]


def measure(bench, sizes=SIZES):
    fleets = []
    for clusters in sizes:
        bench.start_with(flags(clusters))
        try:
            line = [bench.binary, "addon", "enable", "nvidia", "--all", "--yes", "-q", "-o", "names"]
            change = bench.run(line)
            log = [it for it in bench.call("GET", "/_sandbox/requests")["items"] if it["userAgent"] != "bench"]
            again = bench.run(line)
            fleets.append(Fleet(clusters, change, again, log))
        finally:
            bench.end()
    return fleets


def differing(bench, clusters=1000):
    """`diff --all-fields` of so many manifests that are what is live."""
    bench.start_with(flags(clusters))
    try:
        listed = bench.run_out([bench.binary, "cluster", "list", "-o", "json"])
        keep = ("kind", "name", "description", "tags", "spec")
        documents = [{key: item[key] for key in keep if key in item} for item in json.loads(listed)["items"]]
        path = bench.folder / "fleet.yaml"
        path.write_text("".join(f"---\n{json.dumps(document)}\n" for document in documents))
        return bench.run([bench.binary, "diff", "-f", path, "--all-fields", "--exit-code", "-q"])
    finally:
        bench.end()


def theirs(bench, node, cpln, clusters=5):
    """What `cpln` takes for one cluster: get, apply, get, one after another."""
    bench.start_with(["--clusters", str(clusters), "--latency", f"{LATENCY * 1000:.0f}ms", "--no-oidc"])
    try:
        times = []
        for number in range(1, clusters + 1):
            name = f"fleet-{number:04}"
            lines = [
                f"{node} {cpln} mk8s get {name} -o yaml-slim > one.yaml",
                "sed -i 's/^  addOns:.*/&\\n    nvidia: {}/' one.yaml",
                f"{node} {cpln} apply -f one.yaml",
                f"{node} {cpln} mk8s get {name} -o json > /dev/null",
            ]
            times.append(bench.run(["sh", "-euc", "\n".join(lines)]).wall)
        return statistics.median(times)
    finally:
        bench.end()


def section(fleets, diff, each):
    lines = [
        "## Many clusters",
        "",
        f"`mk8s addon enable nvidia --all --yes` on a sandbox that takes {LATENCY * 1000:.0f} ms for an answer and answers",
        f"{RATE} requests a second, and the same again, where nothing is to be done. The least possible is 1.04 requests",
        "a cluster at that rate and the pages one after another; where nothing is to be done, the pages.",
        "",
        "| clusters | s | least | times | peak, MB | requests | a cluster | 429 | again, s | least | requests |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for it in fleets:
        lines.append(
            f"| {it.clusters:,} | {it.change.wall:.2f} | {least(it.clusters):.2f} "
            f"| {it.change.wall / least(it.clusters):.2f}× | {it.change.peak:.0f} | {it.requests:,} "
            f"| {it.requests / it.clusters:.2f} | {it.throttled} | {it.again.wall:.2f} | {nothing(it.clusters):.2f} "
            f"| {it.again.requests:.0f} |"
        )
    lines += [
        "",
        f"`mk8s diff --all-fields` of 1,000 manifests: {diff.wall:.2f} s, {diff.peak:.0f} MB, {diff.requests:.0f} requests "
        f"(the pages alone: {nothing(1000):.2f} s).",
        "",
        f"With `cpln` one cluster takes {each:.2f} s: get, edit, apply, get.",
        "",
        "![Time against the number of clusters](plots/fleets.svg)",
        "",
    ]
    return lines


def targets(fleets, diff):
    rows = []
    for it in fleets:
        if it.clusters < 1000:
            continue
        ratio, limit = it.change.wall / least(it.clusters), 30 if it.clusters == 1000 else 40
        rows.append((f"{it.clusters:,} clusters in at most 1.2 times the least possible", f"{ratio:.2f}×", ratio <= 1.2))
        rows.append((f"{it.clusters:,} clusters in {limit} MB", f"{it.change.peak:.0f} MB", it.change.peak <= limit))
        again = it.again.wall / nothing(it.clusters)
        rows.append((f"nothing to do on {it.clusters:,}: 1.3 times the pages", f"{again:.2f}×", again <= 1.3))
        rows.append((
            f"less than 1 % of the answers of {it.clusters:,} are 429 after five seconds",
            f"{it.late:.2%}",
            it.late < 0.01,
        ))
    again = diff.wall / nothing(1000)
    rows.append(("`diff --all-fields` of 1,000: 1.3 times the pages", f"{again:.2f}×", again <= 1.3))
    return rows


def plot(path, title, across, up, lines):
    """Lines of points on two logarithmic scales."""
    width, height, left, top, right, bottom = 640, 400, 70, 40, 150, 50
    xs = [x for _, _, points in lines for x, _ in points]
    ys = [y for _, _, points in lines for _, y in points]
    low = lambda values: 10 ** math.floor(math.log10(min(values)))
    high = lambda values: 10 ** math.ceil(math.log10(max(values)))
    x0, x1, y0, y1 = low(xs), high(xs), low(ys), high(ys)
    at = lambda value, a, b, start, end: start + (end - start) * math.log(value / a) / math.log(b / a)
    px = lambda x: at(x, x0, x1, left, width - right)
    py = lambda y: at(y, y0, y1, height - bottom, top)
    ticks = lambda a, b: [10**n for n in range(round(math.log10(a)), round(math.log10(b)) + 1)]
    word = lambda value: f"{value:,}" if value >= 1 else f"{value:g}"
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="22" font-size="14">{title}</text>',
        f'<text x="{(left + width - right) / 2:.0f}" y="{height - 12}" text-anchor="middle">{across}</text>',
        f'<text transform="translate(18 {(top + height - bottom) / 2:.0f}) rotate(-90)" text-anchor="middle">{up}</text>',
    ]
    for x in ticks(x0, x1):
        svg.append(f'<path d="M{px(x):.1f} {top}V{height - bottom}" stroke="#ddd"/>')
        svg.append(f'<text x="{px(x):.1f}" y="{height - bottom + 18}" text-anchor="middle">{word(x)}</text>')
    for y in ticks(y0, y1):
        svg.append(f'<path d="M{left} {py(y):.1f}H{width - right}" stroke="#ddd"/>')
        svg.append(f'<text x="{left - 6}" y="{py(y) + 4:.1f}" text-anchor="end">{word(y)}</text>')
    for (name, style, points), colour in zip(lines, ("#0b5", "#888", "#c40")):
        path_data = " ".join(f"{'ML'[bool(n)]}{px(x):.1f} {py(y):.1f}" for n, (x, y) in enumerate(points))
        svg.append(f'<path d="{path_data}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{style}"/>')
        x, y = points[-1]
        svg.append(f'<text x="{px(x) + 8:.1f}" y="{py(y) + 4:.1f}" fill="{colour}">{name}</text>')
    svg.append("</svg>")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(svg) + "\n")


def plots(root, fleets, each, big):
    folder = pathlib.Path(root) / "docs/plots"
    plot(
        folder / "fleets.svg",
        "An add-on on every cluster, 50 ms, 100 requests a second",
        "clusters",
        "seconds",
        [
            ("mk8s", "", [(it.clusters, it.change.wall) for it in fleets]),
            ("least possible", "4 3", [(it.clusters, least(it.clusters)) for it in fleets]),
            ("cpln, one by one", "1 3", [(it.clusters, it.clusters * each) for it in fleets]),
        ],
    )
    plot(
        folder / "edits.svg",
        "All clusters of a file edited, with the proof",
        "MB",
        "seconds",
        [
            ("wall", "", [(size / 1e6, every.wall) for _, size, every, _ in big]),
            ("processors", "4 3", [(size / 1e6, every.cpu) for _, size, every, _ in big]),
        ],
    )
