"""The scenes of scripts/pictures, how they are played, and how a screen becomes an SVG."""

import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pyte

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"
# What is waited for comes at once; this long only where the machine has other things to do.
PATIENCE = 120
PAUSE = 0.3
PROMPT = "$ "


@dataclass
class Scene:
    """A shell in a sandbox, and what somebody types there; the last screen is the picture."""

    name: str
    # For those who do not see the picture.
    title: str
    # What is typed, each with the pattern that has to be on the screen before; None is the shell's prompt.
    keys: list
    columns: int
    rows: int = 60
    # Flags of `mk8s sandbox run`.
    sandbox: tuple = ()
    # Whether there is an emulator of AWS as well.
    aws: bool = False
    # The pattern on which the picture is taken; None is the shell's next prompt, which is left out.
    until: str | None = None


SCENES = [
    Scene(
        "picker",
        "mk8s addon -c hetzner: aws-ecr was switched, and what it needs goes on with it",
        keys=[(None, "mk8s addon -c hetzner\n"), ("q leaves$", " ")],
        until="goes on too",
        columns=100,
        rows=30,
    ),
    Scene(
        "plan",
        "mk8s aws setup shows its plan and asks: the add-ons, the OIDC provider, the role and its pull policy",
        keys=[(None, "mk8s aws setup aws-ecr -c hetzner\n")],
        until=r"\[y/N\]$",
        columns=134,
        aws=True,
    ),
    Scene(
        "check",
        "mk8s check finds out why an image is not pulled, and names the command that mends it",
        keys=[(None, f"mk8s check -c generic --image {IMAGE}\n")],
        columns=128,
        aws=True,
    ),
    Scene(
        "fleet",
        "mk8s addon enable on a fleet: the change is shown once and asked about, then a canary goes first",
        keys=[
            (None, "mk8s addon enable nvidia -l tag.team=blue --canary 1 --batch 50% --max-failures 1\n"),
            (r"\[y/N\]$", "y\n"),
        ],
        columns=126,
        sandbox=("--clusters", "24"),
    ),
]

# What differs from run to run, and what it is in the pictures: of the same length, so that nothing moves.
VARIES = [
    (r"(?<=localhost:)\d{5}", "40000"),
    (r"(?<=127\.0\.0\.1:)\d{5}", "43210"),
    (r"(?<=thumbprint )[0-9a-f]{40}", "0123456789" * 4),
    (r"20\d{6}-\d{6}-[0-9a-f]{4}", "20261128-101500-3fa2"),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--aws", required=True, help="the Python that has the emulator of AWS")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    stale = []
    for scene in SCENES:
        drawn = svg(play(scene, os.path.abspath(args.binary), args.aws), scene)
        file = FOLDER / f"{scene.name}.svg"
        if file.exists() and file.read_text(encoding="utf-8") == drawn:
            continue
        stale.append(file)
        if not args.check:
            file.write_text(drawn, encoding="utf-8")
    known = {f"{scene.name}.svg" for scene in SCENES}
    strange = [file for file in FOLDER.iterdir() if file.name not in known]
    for file in strange:
        print(f"scripts/pictures: {file.relative_to(ROOT)} is of no scene", file=sys.stderr)
    for file in stale:
        done = "is not current; scripts/pictures draws it" if args.check else "drawn"
        print(f"scripts/pictures: {file.relative_to(ROOT)} {done}", file=sys.stderr)
    return int(bool(strange or (stale and args.check)))


def play(scene, binary, aws):
    """The rows of the last screen, as lists of cells."""
    folder = tempfile.mkdtemp(prefix="mk8s-pictures-")
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PS1": PROMPT,
    }
    emulator = None
    try:
        if scene.aws:
            emulator = emulator_of_aws(aws)
            env |= {
                "AWS_ENDPOINT_URL": emulator.stdout.readline().strip(),
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            }
        terminal = Terminal(scene, [binary, "sandbox", "run", *scene.sandbox, "--", "sh", "-i"], env, folder)
        try:
            for wanted, typed in scene.keys:
                terminal.wait(wanted)
                terminal.press(typed)
            terminal.wait(scene.until)
            terminal.settle()
            return terminal.cells(with_last=scene.until is not None)
        finally:
            terminal.close()
    finally:
        if emulator:
            emulator.stdin.close()
            emulator.wait()
        shutil.rmtree(folder, ignore_errors=True)


def emulator_of_aws(python):
    """The emulator, which prints its address and ends with its standard input."""
    command = [python, str(ROOT / "tests/support/moto_launcher.py"), "--with-parent"]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


class Terminal:
    """A program in a pty, and the screen that a person would see."""

    def __init__(self, scene, command, env, folder):
        self.screen = pyte.Screen(scene.columns, scene.rows)
        self.stream = pyte.ByteStream(self.screen)
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", scene.rows, scene.columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.chdir(folder)
            os.execve(command[0], command, env)

    def press(self, typed):
        before = self.state()
        os.write(self.master, typed.encode())
        # Until something is seen of it: else the screen that it was typed on would count as its answer.
        self.read_until(lambda: self.state() != before, f"something to follow {typed!r}")

    def wait(self, wanted):
        self.read_until(lambda: self.shows(wanted), repr(wanted) if wanted else "the prompt")

    def settle(self):
        """Takes in the rest of a screen that comes in pieces: all that comes without a pause."""
        while self.read(PAUSE):
            pass

    def read_until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end or self.read() is None:
                raise SystemExit("\n".join([f"scripts/pictures: waited in vain for {what}", *self.text()]))

    def read(self, seconds=1):
        """Takes in what comes within this time, and says whether something did; None if nothing can come any more."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return None
        self.stream.feed(data)
        return True

    def state(self):
        return self.screen.display, self.screen.cursor.x, self.screen.cursor.y

    def text(self):
        return [line.rstrip() for line in self.screen.display]

    def shows(self, wanted):
        if wanted is None:
            cursor = self.screen.cursor
            return cursor.x == len(PROMPT) and self.text()[cursor.y] == PROMPT.rstrip()
        return re.search(wanted, "\n".join(self.text()), re.MULTILINE) is not None

    def cells(self, with_last):
        rows = [[self.screen.buffer[y][x] for x in range(self.screen.columns)] for y in range(self.screen.lines)]
        used = [y for y, line in enumerate(self.text()) if line]
        end = used[-1] + 1 if with_last else self.screen.cursor.y
        return same_every_time(rows[:end])

    def close(self):
        os.close(self.master)
        os.waitpid(self.pid, 0)


def same_every_time(rows):
    width = len(rows[0])
    # As one text: what is cut at the end of a row goes on in the next.
    text = "".join(cell.data or "\0" for row in rows for cell in row)
    for pattern, fixed in VARIES:
        text = re.sub(pattern, fixed, text)
    if len(text) != width * len(rows):
        raise SystemExit("scripts/pictures: a character is more than one, or a replacement has another length")
    flat = iter(text)
    return [[cell._replace(data=next(flat).strip("\0")) for cell in row] for row in rows]


# Dark on light, and each at least 4.5 times as dark as the paper.
PAPER, INK, FRAME = "#ffffff", "#24292f", "#d0d7de"
COLOURS = {
    "default": INK,
    "black": "#24292f",
    "red": "#b42318",
    "green": "#116329",
    "brown": "#7d4e00",
    "blue": "#0550ae",
    "magenta": "#8250df",
    "cyan": "#0b6378",
    "white": "#57606a",
}
FONT, CELL, LINE, MARGIN = 14, 8.4, 19, 14
FACES = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"


def colour(name, otherwise):
    if name == "default":
        return otherwise
    return COLOURS.get(name.removeprefix("bright"), f"#{name}")


def svg(rows, scene):
    width = MARGIN * 2 + CELL * scene.columns
    height = MARGIN * 2 + LINE * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img">',
        f"<title>{escape(scene.title)}</title>",
        f"<style>text{{font:{FONT}px {FACES}}}</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="6" fill="{PAPER}" '
        f'stroke="{FRAME}"/>',
    ]
    for number, row in enumerate(rows):
        y = MARGIN + LINE * number
        for start, end, look, text in runs(row):
            x = MARGIN + CELL * start
            span = CELL * (end - start)
            ink, paper, bold, underlined = look
            if paper != PAPER:
                out.append(f'<rect x="{x:g}" y="{y:g}" width="{span:g}" height="{LINE}" fill="{paper}"/>')
            style = ' font-weight="bold"' if bold else ""
            style += ' text-decoration="underline"' if underlined else ""
            # Words with one blank between them: more would be drawn as one. As wide as their cells, whatever font
            # they are shown in.
            for words in re.finditer(r"\S+(?: \S+)*", text):
                out.append(
                    f'<text x="{x + CELL * words.start():g}" y="{y + 14:g}" '
                    f'textLength="{CELL * len(words.group()):g}" lengthAdjust="spacingAndGlyphs" '
                    f'fill="{ink}"{style}>{escape(words.group())}</text>'
                )
    out.append("</svg>")
    return "\n".join(out) + "\n"


def runs(row):
    """The parts of a row that look alike, as start, end, look and text."""
    found = []
    for x, cell in enumerate(row):
        ink, paper = colour(cell.fg, INK), colour(cell.bg, PAPER)
        if cell.reverse:
            ink, paper = paper, ink
        look = (ink, paper, cell.bold, cell.underscore)
        if found and found[-1][2] == look:
            found[-1][1], found[-1][3] = x + 1, found[-1][3] + cell.data
        else:
            found.append([x, x + 1, look, cell.data])
    return found


if __name__ == "__main__":
    sys.exit(main())
