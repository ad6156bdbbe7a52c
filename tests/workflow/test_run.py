"""run.py: each thing that can be wrong with a machine is one clear sentence, and a dead run's lock is removed."""

import functools
import http.server
import importlib.util
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from helpers.repository import ROOT


@pytest.fixture
def script(tmp_path, monkeypatch):
    """run.py as a module whose repository is an empty folder."""
    spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "nvidia_driver", lambda: True)  # pip alone, unless a test says otherwise
    return module


def sentence(function):
    with pytest.raises(SystemExit) as stopped:
        function()
    text = str(stopped.value)
    assert text.startswith("run.py: ") and "\n" not in text
    return text


def test_old_python_is_refused(script, monkeypatch):
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 1))
    assert "Python 3.11 or newer is needed" in sentence(script.check_machine)


def test_missing_venv_module_is_named_with_its_package(script, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "no 'ensurepip' module" in sentence(script.check_machine)


def test_full_disk_is_told_before_anything_is_installed(script, monkeypatch):
    usage = type("Usage", (), {"free": 10**9})
    monkeypatch.setattr(script.shutil, "disk_usage", lambda _: usage)
    assert "1.0 GB are free" in sentence(script.check_machine)
    assert not script.VENV.exists()


def test_folder_without_write_permission_is_named(script, monkeypatch):
    monkeypatch.setattr(script.os, "access", lambda *_: False)
    assert "no permission to write" in sentence(script.check_machine)


def test_installation_is_skipped_when_nothing_changed(script, monkeypatch):
    script.VENV.mkdir()
    (script.VENV / "installed").write_text(script.wanted_stamp("test"), encoding="utf-8")
    monkeypatch.setattr(script, "call", lambda *_: pytest.fail("installed again"))
    script.set_up("benchmark")
    script.set_up("test")


def test_changed_requirements_are_installed_again(script, monkeypatch):
    script.VENV.mkdir()
    (script.VENV / "installed").write_text(script.wanted_stamp("benchmark"), encoding="utf-8")
    (script.ROOT / "constraints.txt").write_text("numpy==2.4.6", encoding="utf-8")
    calls = []
    monkeypatch.setattr(script, "call", lambda command, _: calls.append(command))
    script.set_up("benchmark")
    stamp = (script.VENV / "installed").read_text(encoding="utf-8")
    assert calls and stamp.splitlines() == [script.wanted_stamp("benchmark"), str(script.ROOT)]


def test_environment_of_a_moved_checkout_is_made_again(script, monkeypatch):
    (script.VENV / "bin").mkdir(parents=True)
    (script.VENV / "bin" / "python").touch()
    monkeypatch.setattr(script, "BIN", script.VENV / "bin")
    (script.VENV / "installed").write_text(f"{script.wanted_stamp('test')}\n/where/it/was", encoding="utf-8")
    calls = []
    monkeypatch.setattr(script, "call", lambda command, _: calls.append(command))
    script.set_up("benchmark")
    assert "--clear" in calls[0] and calls[1][-1] == ".[test]"
    script.set_up("benchmark")
    assert len(calls) == 2


def test_caches_are_in_the_clone_where_the_home_folder_is_read_only(script, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert script.cache_folders() == {}
    monkeypatch.setenv("HOME", "/proc/nowhere")
    assert script.cache_folders()["XDG_CACHE_HOME"].startswith(str(script.ROOT))


def test_a_run_is_started_with_those_caches(script, monkeypatch):
    started = []
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setattr(script, "set_up", lambda *_: None)
    monkeypatch.setattr(script, "run_benchmark", lambda environment, *_: started.append(environment))
    monkeypatch.setattr(script.sys, "argv", ["run.py"])
    with pytest.raises(SystemExit):
        script.main()
    assert started[0]["XDG_CACHE_HOME"] == started[0]["MPLCONFIGDIR"] == str(script.ROOT / ".snakemake" / "cache")


def test_lock_of_a_dead_run_is_removed_and_of_a_living_one_respected(script, monkeypatch):
    locks = script.ROOT / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/x", encoding="utf-8")
    monkeypatch.setattr(script, "snakemake_running", lambda: True)
    assert "Snakemake is already running" in sentence(script.unlock)
    assert list(locks.iterdir())
    monkeypatch.undo()
    script.ROOT = locks.parents[1]
    script.unlock()
    assert not list(locks.iterdir())


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc to make a process of that name")
def test_living_snakemake_of_this_folder_is_seen(script):
    assert not script.snakemake_running()
    program = script.ROOT / "snakemake"
    program.write_text("import time; print('started', flush=True); time.sleep(60)", encoding="utf-8")
    process = subprocess.Popen([sys.executable, str(program)], cwd=script.ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"started\n"  # its command line can be read from here on
        assert script.snakemake_running()
    finally:
        process.kill()
        process.communicate()


def test_test_suite_gets_one_worker_per_processor_and_one_numeric_thread_each(script, monkeypatch):
    calls = []
    finished = type("Finished", (), {"returncode": 3})
    monkeypatch.setattr(script.subprocess, "run", lambda command, env: calls.append((command, env)) or finished)
    monkeypatch.setattr(script, "processors", lambda: 2)
    assert script.run_tests({"OMP_NUM_THREADS": "4"}, ["-k", "metrics"]) == 3
    command, environment = calls[0]
    assert command[1:5] == ["-m", "pytest", "-n", "2"] and command[-2:] == ["-k", "metrics"]
    assert {environment[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"1"}


def test_benchmark_installs_its_extra_and_tests_install_theirs(script, monkeypatch):
    installed = []
    monkeypatch.setattr(script, "call", lambda command, _: installed.extend(c for c in command if c.startswith(".[")))
    monkeypatch.setattr(script, "check_machine", lambda _: script.VENV.mkdir(exist_ok=True))
    script.set_up("benchmark")
    script.set_up("test")
    assert installed == [".[benchmark]", ".[test]"]
    script.set_up("benchmark")
    assert len(installed) == 2  # the tests' extra includes the benchmark's


@pytest.mark.parametrize(
    ("wanted", "driver", "platform", "build"),
    [
        (None, False, "linux", "cpu"),
        (None, True, "linux", "default"),
        (None, False, "darwin", "default"),
        ("default", False, "linux", "default"),
        ("cpu", True, "linux", "cpu"),
    ],
)
def test_cpu_build_is_chosen_where_no_driver_answers(script, monkeypatch, wanted, driver, platform, build):
    monkeypatch.setattr(script, "nvidia_driver", lambda: driver)
    monkeypatch.setattr(script.sys, "platform", platform)
    assert script.torch_build(wanted) == build


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def indices(tmp_path):
    """Serve two package indices, default/ with torch 2.13.0 and cpu/ with torch 2.13.0+cpu; return their address."""
    for name, version in (("default", "2.13.0"), ("cpu", "2.13.0+cpu")):
        folder = tmp_path / "served" / name / "torch"
        folder.mkdir(parents=True)
        wheel = folder / f"torch-{version}-py3-none-any.whl"
        facts = f"torch-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("torch.py", f"__version__ = '{version}'")
            archive.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
            archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{facts}/RECORD", "")
        (folder / "index.html").write_text(
            f'<a href="{wheel.name.replace("+", "%2B")}">{wheel.name}</a>', encoding="utf-8"
        )
    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_cpu_build_comes_from_the_extra_index(script, indices, monkeypatch, tmp_path, capfd):
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower() == "http_proxy"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(script, "CPU_INDEX", f"{indices}/cpu")
    monkeypatch.setattr(script, "has_torch", lambda: False)
    (script.ROOT / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    script.install_torch([*pip, "--target", str(tmp_path / "site"), "--index-url", f"{indices}/default"], "cpu")
    assert "2.13.0+cpu" in (tmp_path / "site" / "torch.py").read_text(encoding="utf-8")
    assert "PyTorch's CPU build is installed" in capfd.readouterr().out


def test_installed_torch_and_the_default_build_are_left_alone(script, monkeypatch):
    monkeypatch.setattr(script, "call", lambda *_: pytest.fail("installed"))
    monkeypatch.setattr(script, "has_torch", lambda: True)
    script.install_torch(["pip"], "cpu")
    monkeypatch.setattr(script, "has_torch", lambda: False)
    script.install_torch(["pip"], "default")


def test_index_that_does_not_answer_is_one_sentence_and_the_default_build(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "call", lambda *_: pytest.fail("installed"))
    monkeypatch.setattr(script, "has_torch", lambda: False)
    monkeypatch.setattr(script, "CPU_INDEX", "http://127.0.0.1:9")
    script.install_torch(["pip"], "cpu")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("run.py: http://127.0.0.1:9 does not answer") and "default build" in line


def test_run_ends_with_the_leaderboards_of_its_configuration(script, monkeypatch):
    calls = []
    finished = type("Finished", (), {"returncode": 0})
    monkeypatch.setattr(script.subprocess, "run", lambda command, env: calls.append((command, env)) or finished)
    assert script.run_benchmark({}, ["--configfile", "config/smoke.yaml"], open_report=True) == 0
    (run, environment), (show, _) = calls
    assert run[-2:] == ["--logger", "mossfuse"] and environment["PYTHONPATH"].endswith("logger")
    assert show[1:] == ["-m", "mossfuse", "bench", "show", "--settings", "config/smoke.yaml", "--open"]


@pytest.mark.parametrize("arguments", [["--dry-run"], ["--verbose"], ["--report=report.zip"]])
def test_snakemake_speaks_for_itself_where_it_is_asked_to(script, monkeypatch, arguments):
    calls = []
    finished = type("Finished", (), {"returncode": 0})
    monkeypatch.setattr(script.subprocess, "run", lambda command, env: calls.append(command) or finished)
    script.run_benchmark({}, arguments)
    assert len(calls) == 1 and "--logger" not in calls[0]


def test_unknown_argument_is_refused():
    result = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "tset"], capture_output=True, text=True, env={**os.environ}
    )
    assert result.returncode != 0
    assert "unknown argument tset" in result.stderr and "Traceback" not in result.stderr
