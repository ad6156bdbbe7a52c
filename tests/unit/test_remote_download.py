"""Downloads, against a server on this machine that misbehaves on request."""

import hashlib
import io
import re
import threading
import time
import zipfile
from argparse import Namespace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mossfuse.cli.advice import without_harm
from mossfuse.errors import MossFuseError
from mossfuse.protocol import RemoteFile
from mossfuse.remote import download
from mossfuse.remote.download import mirror_folders, obtain, read_sums
from mossfuse.remote.registry import REGISTRY, obtain_file

CONTENT = bytes(range(256)) * 3000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves ``files`` {path: bytes}; ``script`` {path: [behaviour, ...]} is used up request by request."""

    def __init__(self):
        self.files, self.script, self.requests, self.etag = {}, {}, [], '"v1"'
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, self.headers.get("Range")))
                script = outer.script.get(self.path, [])
                outer.answer(self, script.pop(0) if script else "well")

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler, behaviour):
        if isinstance(behaviour, int):
            return handler.send_error(behaviour)
        content = self.files.get(handler.path)
        if content is None:
            return handler.send_error(404)
        asked = re.match(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(asked[1]) if asked and behaviour != "ignores range" else 0
        if start >= len(content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(content)}")
            return handler.end_headers()
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.send_header("ETag", self.etag)
        handler.end_headers()
        body = content[start:]
        part = behaviour[1] if isinstance(behaviour, tuple) else len(body) // 3
        handler.wfile.write(
            body[:part] if behaviour in ("hangs up", "stalls") or isinstance(behaviour, tuple) else body
        )
        if behaviour == "stalls":
            handler.wfile.flush()
            time.sleep(0.6)
        handler.close_connection = True
        return None


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "BACK_OFF_S", 0.01)
    running = Server()
    running.files["/a.bin"] = CONTENT
    yield running
    running.http.shutdown()
    running.http.server_close()


def remote(*urls, sha256=SHA, name="a.bin", **fields):
    return RemoteFile(name=name, urls=urls, sha256=sha256, **fields)


def leftovers(folder):
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock"))


def archive(name="x.txt", content=b"hello" * 1000):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(name, content)
    return buffer.getvalue()


def test_download_is_verified_and_leaves_only_the_file(server, tmp_path):
    got = obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert (got.source, got.sha256, got.verified) == ("download", SHA, True)
    assert got.path.read_bytes() == CONTENT and leftovers(tmp_path) == ["a.bin"]


def test_present_file_is_never_asked_for_again(server, tmp_path):
    for _ in range(2):
        got = obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert got.source == "folder" and len(server.requests) == 1


def test_file_in_a_mirror_is_used_in_place_and_never_asked_for(server, tmp_path):
    (tmp_path / "mirror" / "sub").mkdir(parents=True)
    (tmp_path / "mirror" / "sub" / "other-name.bin").write_bytes(CONTENT)
    file = remote(f"{server.url}/a.bin", mirror_names=("sub/other-name.bin",))
    got = obtain(file, tmp_path / "data", [tmp_path / "mirror"])
    assert (got.source, got.verified, server.requests) == ("mirror", True, [])
    assert not (tmp_path / "data" / "a.bin").exists()


def test_wrong_file_in_a_mirror_is_passed_over(server, tmp_path):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "a.bin").write_bytes(b"something else")
    got = obtain(remote(f"{server.url}/a.bin"), tmp_path / "data", [tmp_path / "mirror"])
    assert got.source == "download" and got.path.read_bytes() == CONTENT


def test_no_error_advises_to_delete_a_file_of_a_mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("MOSSFUSE_MIRRORS", str(tmp_path / "mirror"))
    said = f"{tmp_path}/{{}}/paints_ms_01.png is a damaged PNG (cut); delete it and get the scene again"
    assert without_harm(said.format("mirror"), Namespace()).endswith("(cut); it lies in a mirror and is left alone")
    assert without_harm(said.format("data"), Namespace()) == said.format("data")


@pytest.mark.parametrize("name", ["a.bin", "a.zip"])
def test_wrong_or_damaged_file_of_a_mirror_is_named_and_not_to_be_deleted(tmp_path, name):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / name).write_bytes(b"something else")
    with pytest.raises(MossFuseError, match="lies in a mirror and is left alone") as caught:
        obtain(remote(name=name), tmp_path / "data", [tmp_path / "mirror"])
    assert "delete" not in str(caught.value) and (tmp_path / "mirror" / name).exists()


@pytest.mark.parametrize("cut", [0, 1, 2, 511, download.CHUNK - 1, download.CHUNK, len(CONTENT) - 1])
def test_download_that_ends_at_any_byte_is_continued_and_never_taken_for_complete(server, tmp_path, cut):
    server.script["/a.bin"] = [("cut", cut), 404]
    with pytest.raises(MossFuseError):
        obtain(remote(f"{server.url}/a.bin", sha256=None), tmp_path)
    assert not (tmp_path / "a.bin").exists()
    assert obtain(remote(f"{server.url}/a.bin", sha256=None), tmp_path).path.read_bytes() == CONTENT


@pytest.mark.parametrize("byte", [0, 1000, len(CONTENT) - 1])
def test_download_with_one_wrong_byte_anywhere_is_refused_and_started_over(server, tmp_path, byte):
    wrong = bytearray(CONTENT)
    wrong[byte] ^= 1
    server.files["/a.bin"] = bytes(wrong)
    with pytest.raises(MossFuseError, match="sha256 is"):
        obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert leftovers(tmp_path) == []
    server.files["/a.bin"] = CONTENT
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT


def test_stalled_download_is_given_up_and_continued(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
    server.script["/a.bin"] = ["stalls"]
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT
    assert len(server.requests) == 2 and leftovers(tmp_path) == ["a.bin"]


def test_terms_are_shown_before_the_first_byte(server, tmp_path, caplog):
    caplog.set_level("INFO")
    obtain(remote(f"{server.url}/a.bin", terms="cite us"), tmp_path)
    assert f"downloading a.bin from {server.url.removeprefix('http://')} (terms: cite us)" in caplog.text


def test_broken_connection_is_resumed_where_it_stopped(server, tmp_path):
    server.script["/a.bin"] = ["hangs up", "hangs up"]
    got = obtain(remote(f"{server.url}/a.bin"), tmp_path)
    starts = [int(r.removeprefix("bytes=").rstrip("-")) for _, r in server.requests[1:]]
    assert got.path.read_bytes() == CONTENT
    assert starts == [len(CONTENT) // 3, len(CONTENT) // 3 + (len(CONTENT) - len(CONTENT) // 3) // 3]


def test_part_of_an_earlier_run_is_continued(server, tmp_path):
    server.script["/a.bin"] = ["hangs up", 404]
    with pytest.raises(MossFuseError):
        obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert (tmp_path / "a.bin.part").stat().st_size == len(CONTENT) // 3 and not (tmp_path / "a.bin").exists()
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT
    assert server.requests[-1][1] == f"bytes={len(CONTENT) // 3}-" and leftovers(tmp_path) == ["a.bin"]


def test_complete_part_is_not_fetched_again(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT
    assert server.requests == [("/a.bin", f"bytes={len(CONTENT)}-")]


def test_server_that_cannot_resume_starts_over(server, tmp_path):
    server.script["/a.bin"] = ["hangs up", "ignores range"]
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT


def test_file_that_changed_on_the_server_is_not_glued_together(server, tmp_path):
    server.script["/a.bin"] = ["hangs up", 404]
    with pytest.raises(MossFuseError):
        obtain(remote(f"{server.url}/a.bin", sha256=None), tmp_path)
    server.files["/a.bin"], server.etag = CONTENT[::-1], '"v2"'
    assert obtain(remote(f"{server.url}/a.bin", sha256=None), tmp_path).path.read_bytes() == CONTENT[::-1]


def test_passing_server_errors_are_tried_again(server, tmp_path):
    server.script["/a.bin"] = [503, 500, 429]
    assert obtain(remote(f"{server.url}/a.bin"), tmp_path).path.read_bytes() == CONTENT
    assert len(server.requests) == 4


def test_lasting_server_error_gives_up_with_the_reason(server, tmp_path):
    server.script["/a.bin"] = [503] * 99
    with pytest.raises(MossFuseError, match=r"gave up after several attempts \(HTTP 503"):
        obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert len(server.requests) == download.TRIES


def test_next_address_is_used_when_one_is_gone_or_wrong(server, tmp_path):
    server.files["/wrong"] = b"not what was published"
    urls = (f"{server.url}/gone", f"{server.url}/wrong", f"{server.url}/a.bin")
    assert obtain(remote(*urls), tmp_path).path.read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/gone", "/wrong", "/a.bin"]


def test_wrong_sha256_names_both_and_keeps_nothing(server, tmp_path):
    with pytest.raises(
        MossFuseError, match=rf"a\.bin could not be obtained .*sha256 is {SHA[:16]}\.\.\., expected {'0' * 16}"
    ) as caught:
        obtain(remote(f"{server.url}/a.bin", sha256="0" * 64, terms="ask first"), tmp_path)
    said = str(caught.value)
    assert "by hand" in said and "MOSSFUSE_MIRRORS" in said and "ask first" in said and "\n" not in said
    assert leftovers(tmp_path) == []


def test_unknown_sha256_is_recorded_on_first_download_and_binding_afterwards(server, tmp_path):
    file = remote(f"{server.url}/a.bin", sha256=None)
    got = obtain(file, tmp_path)
    assert not got.verified and read_sums(tmp_path) == {"a.bin": SHA}
    assert (tmp_path / "SHA256SUMS").read_text(encoding="utf-8") == f"{SHA}  a.bin\n"  # as sha256sum --check reads it
    assert obtain(file, tmp_path).sha256 == SHA
    (tmp_path / "a.bin").write_bytes(b"changed")
    with pytest.raises(MossFuseError, match=r"a\.bin has changed since it was first recorded.*SHA256SUMS"):
        obtain(file, tmp_path)


def test_unreachable_hosts_fail_quickly_with_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    start = time.monotonic()
    with pytest.raises(
        MossFuseError, match=r"127\.0\.0\.1:9: host not reachable.*no-such-host\.invalid: host not reachable"
    ) as caught:
        obtain(remote("http://127.0.0.1:9/a.bin", "http://no-such-host.invalid/a.bin"), tmp_path)
    assert time.monotonic() - start < 10 and "\n" not in str(caught.value) and leftovers(tmp_path) == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "error page"])
def test_damaged_archive_is_refused_and_removed(server, tmp_path, damage):
    good = archive()
    flipped = bytearray(good)
    flipped[45] ^= 0xFF
    server.files["/a.zip"] = {"cut": good[:-30], "flipped": bytes(flipped), "error page": b"<html>sorry</html>"}[damage]
    with pytest.raises(MossFuseError, match=r"a\.zip could not be obtained .*damaged archive"):
        obtain(remote(f"{server.url}/a.zip", sha256=None, name="a.zip"), tmp_path)
    assert leftovers(tmp_path) == []


def test_damaged_archive_in_the_folder_is_named(server, tmp_path):
    (tmp_path / "a.zip").write_bytes(archive()[:-30])
    with pytest.raises(MossFuseError, match=r"a\.zip is a damaged archive .*delete it and run again"):
        obtain(remote(f"{server.url}/a.zip", sha256=None, name="a.zip"), tmp_path)
    assert server.requests == []


def test_folder_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"cannot write .*file/a\.bin .*check that the folder can be written to"):
        obtain(remote(f"{server.url}/a.bin"), tmp_path / "file")
    assert server.requests == []


def test_full_disk_is_one_sentence_and_the_part_is_kept_for_later(server, tmp_path, monkeypatch):
    def full(url, part):
        part.write_bytes(CONTENT[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "transfer", full)
    with pytest.raises(MossFuseError, match=r"cannot write .*a\.bin \(No space left on device\)"):
        obtain(remote(f"{server.url}/a.bin"), tmp_path)
    assert leftovers(tmp_path) == ["a.bin.part"]


def test_two_at_once_download_once(server, tmp_path):
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(obtain(remote(f"{server.url}/a.bin"), tmp_path)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(server.requests) == 1


def test_registry_names_exact_content_at_one_commit():
    for file in REGISTRY.values():
        assert re.fullmatch("[0-9a-f]{64}", file.sha256) and file.terms
        commits = {found for url in file.urls for found in re.findall("[0-9a-f]{40}", url)}
        assert file.urls and len(commits) == 1


def test_unknown_registry_file_names_the_nearest():
    with pytest.raises(MossFuseError, match="no file 'nikon-d70'; did you mean nikon-d700"):
        obtain_file("nikon-d70")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("nikon-d700", "srf/MossFuse_resp.mat"),
        ("nikon-d700-hif", "srf/HIFtool_NikonD700.npy"),
        ("mossfuse-cave-x32", "CAVE_32_model.pth"),
        ("sfno-cave-x4", "sfno_cave_x4_weights.npz"),
    ],
)
def test_mirror_copies_are_the_registered_files(mirror_file, tmp_path, name, place):
    path = mirror_file(place)
    got = obtain_file(name, folder=tmp_path)
    assert got.path == path and got.verified and got.source == "mirror"


def test_registry_files_go_to_the_cache_and_not_into_the_current_folder(server, tmp_path, monkeypatch):
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "MOSSFUSE_CACHE", "MOSSFUSE_MIRRORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(REGISTRY, "mine", remote(f"{server.url}/a.bin"))
    path = obtain_file("mine").path
    assert home in path.parents and path.parts[-2:] == ("registry", "a.bin") and path.read_bytes() == CONTENT
    monkeypatch.setenv("MOSSFUSE_CACHE", str(tmp_path / "mine"))
    assert obtain_file("mine").path == tmp_path / "mine" / "registry" / "a.bin"
    assert list(here.iterdir()) == []


def test_mirror_folders_know_the_home_folder_and_pass_over_missing_ones(tmp_path, monkeypatch, caplog):
    (tmp_path / "scenes").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MOSSFUSE_MIRRORS", "~/scenes")
    assert mirror_folders(["~/not mounted"]) == [tmp_path / "scenes"]
    assert f"{tmp_path / 'not mounted'} does not exist" in caplog.text
