"""A Dockerfile, taken apart: instructions by stage."""

import re
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    """`RUN`, `COPY` and so on, with the rest of its line; continued lines are joined."""

    name: str
    rest: str


def stages(path: Path) -> list[list[Instruction]]:
    """Each begins with its FROM."""
    text = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE))
    found: list[list[Instruction]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, rest.strip()))
    return found


def last(stage: list[Instruction], name: str) -> str:
    """What the stage's last instruction of this name says: the one that counts."""
    return next(rest for found, rest in reversed(stage) if found == name)


def copied_from_here(stage: list[Instruction]) -> list[str]:
    """Files and folders of the repository that the stage takes."""
    lines = [rest.split() for name, rest in stage if name == "COPY" and not rest.startswith("--from")]
    return [source for *sources, _ in lines for source in sources]
