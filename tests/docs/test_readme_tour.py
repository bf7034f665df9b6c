"""The README's tour, taken: every command of it, in order, against `modplane up` in an empty directory."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.docs.documents import ROOT, Step, shows, steps
from tests.support.polling import wait_for
from tests.support.service_process import free_port

ADDRESS = "http://127.0.0.1:8000"
CATALOGUE = {
    "modules": [
        {
            "technical_name": "mail",
            "category": "",
            "version": "",
            "depends": [],
            "application": False,
            "auto_install": False,
        }
    ],
    "industries": [{"technical_name": "bakery", "category": "", "depends": ["mail", "paid_app"]}],
}
END_OF_STEP = "--- end of step ---"
START_SECONDS = 240.0
TOUR_SECONDS = 300.0

TOUR = steps((ROOT / "README.md").read_text())


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that looks like a checkout nobody has started anything in."""
    directory = tmp_path_factory.mktemp("checkout")
    (directory / "scripts").symlink_to(ROOT / "scripts")
    (directory / "odoo_catalog.json").write_text(json.dumps(CATALOGUE))
    return directory


@pytest.fixture(scope="module")
def address(checkout: Path) -> Iterator[str]:
    """Where `modplane up` serves."""
    port = str(free_port())
    own = {name: value for name, value in os.environ.items() if not name.startswith("MODPLANE_")}
    log = checkout / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up"],
            cwd=checkout,
            env=own | {"MODPLANE_HTTP_PORT": port},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_ready(url) or process.poll() is not None, "an answer of modplane up", START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def outputs(checkout: Path, address: str) -> Sequence[str]:
    """What each step printed."""
    script = "set -eu -o pipefail\n" + "".join(f"{step.script}\necho '{END_OF_STEP}'\n" for step in TOUR)
    here = script.replace(ADDRESS, address).replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    done = subprocess.run(
        ["bash", "-c", here], cwd=checkout, capture_output=True, text=True, timeout=TOUR_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.split(END_OF_STEP)[:-1]


@pytest.mark.parametrize("place", range(len(TOUR)))
def test_each_step_shows_what_the_readme_says(outputs: Sequence[str], place: int) -> None:
    assert shows(outputs[place], TOUR[place].shown), outputs[place]


def test_the_catalogue_of_the_last_step_was_applied(outputs: Sequence[str]) -> None:
    assert outputs[-1].rstrip().endswith("0 unchanged, 2 changed, unknown modules left out: 1")


def test_the_tour_is_found_and_says_what_it_shows() -> None:
    assert [bool(step.shown) for step in TOUR] == [True] * (len(TOUR) - 1) + [False]
    assert len(TOUR) > 8


def test_another_output_is_told_from_the_one_shown() -> None:
    assert steps("```bash\ntrue\n```\n```json\n{}\n```\n") == [Step("true\n", "{}\n")]
    assert shows('{"a":1,"b":2}\n{"c":[]}', '{"a": 1, …}\n{"c": …')
    assert not shows('{"a":1,"b":2}', '{"a": 2, …')
    assert not shows("", '{"a": 1}')
