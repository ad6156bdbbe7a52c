"""The package of an earlier commit, which the speed of mossfuse fuse is measured beside, is the one of that commit."""

import pytest

from helpers.repository import ROOT
from mossfuse.discovery import import_as

speed_of_fuse = import_as("speed_of_fuse", ROOT / "docs/measure/speed_of_fuse.py")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the git repository")
def test_package_of_a_commit_is_written_into_a_new_folder(tmp_path):
    speed_of_fuse.check_out("HEAD", tmp_path / "before")
    assert (tmp_path / "before" / "mossfuse" / "version.py").is_file()
    assert (tmp_path / "before" / "baselines").is_dir()
