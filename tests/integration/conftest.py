"""A model of a real Juju for each module, the packed charm, and a small web application."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jubilant
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def why_not() -> str | None:
    """What is missing for these tests."""
    if shutil.which("juju") is None:
        return "there is no juju here: install it and bootstrap a controller on a machine cloud, such as LXD"
    whoami = subprocess.run(["juju", "whoami"], capture_output=True, text=True, timeout=60, check=False)
    if whoami.returncode != 0:
        return f"juju has no controller here: {whoami.stderr.strip()}"
    return None


@pytest.fixture(scope="session")
def controller() -> None:
    """Where no controller is reached, every test is skipped before anything is asked for."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def charm(controller: None) -> Path:
    """The packed charm: CHARM, or what `make charm` wrote."""
    if named := os.environ.get("CHARM"):
        return Path(named).resolve(strict=True)
    packed = sorted(ROOT.glob("ssl-termination_*.charm"))
    assert packed, "there is no packed charm: make charm"
    return packed[-1]


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed charm whose units serve their own name on port 8080."""
    packed = tmp_path_factory.mktemp("charm") / "web.charm"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(path for path in (HERE / "web").rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(HERE / "web"))
    return packed


@pytest.fixture(scope="module")
def juju(controller: None) -> Iterator[jubilant.Juju]:
    """A model of its own, destroyed afterwards."""
    with jubilant.temp_model() as model:
        model.wait_timeout = 20 * 60
        yield model
        print(model.debug_log(limit=500))
