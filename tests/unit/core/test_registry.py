"""Parts by name: built in, by entry point, by file."""

import builtins
import os
import sys

import pytest

from gmf.core.errors import ConfigError
from gmf.core.registry import CODE_VARIABLE, Registry, load_code, load_inherited_code


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package outside the tree that brings a part by entry point."""
    (tmp_path / "stranger.py").write_text("PART = 'theirs'\n")
    info = tmp_path / "stranger-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.2\n")
    entries = "[gmf.toys]\ntheirs = stranger:PART\nbroken = stranger:NOTHING\n"
    (info / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("stranger", None)


@pytest.fixture
def toys():
    return Registry("toy", group="gmf.toys", built_in={"path": "os:path"})


@pytest.fixture(autouse=True)
def no_code(monkeypatch):
    monkeypatch.setenv(CODE_VARIABLE, "")


def test_parts_are_built_in_packaged_and_registered(package, toys):
    toys.register("own")(42)
    assert list(toys) == ["path", "theirs", "broken", "own"]
    assert toys.get("path") is os.path
    assert toys.get("theirs") == "theirs"
    assert toys.get("own") == 42
    assert [toys.origin(name).source for name in toys][:2] == ["gmf", "stranger 1.2"]


def test_an_unknown_part_names_what_there_is_and_the_nearest(toys):
    with pytest.raises(ConfigError, match=r"toy 'pth': expected one of path; did you mean 'path'"):
        toys.get("pth")


def test_a_packaged_part_that_cannot_be_imported_names_its_package(package, toys):
    with pytest.raises(ConfigError, match=r"stranger:NOTHING of stranger 1.2 cannot be imported"):
        toys.get("broken")


@pytest.mark.parametrize("name", ["", " ", None, 7, dict])
def test_what_is_no_name_is_refused(toys, name):
    with pytest.raises(ConfigError, match=r"toy: expected a name to register under, as in"):
        toys.register(name)


def test_two_classes_of_one_file_do_not_share_a_name(toys):
    @toys.register("twice")
    class One:
        pass

    toys.register("twice")(One)
    with pytest.raises(ConfigError, match=r"'twice' .*test_registry.py: the name is taken by .*"):

        @toys.register("twice")
        class Two:
            pass

    assert toys.get("twice") is One


def test_a_name_belongs_to_one_part(package, toys):
    with pytest.raises(ConfigError, match=r"'path' .*taken by gmf"):
        toys.register("path")(1)
    with pytest.raises(ConfigError, match=r"'theirs' .*taken by stranger 1.2"):
        toys.register("theirs")(1)


def test_a_registered_part_may_be_an_entry_point_too(tmp_path, toys, monkeypatch):
    monkeypatch.setattr(builtins, "gmf_toys", toys, raising=False)
    source = "import builtins\n@builtins.gmf_toys.register('mine')\nclass Mine: pass\n"
    for name in ("decorated", "other"):
        (tmp_path / f"{name}.py").write_text(source)
    info = tmp_path / "mine-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[gmf.toys]\nmine = decorated:Mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert toys.get("mine").__name__ == "Mine"
    assert list(toys) == ["path", "mine"]
    assert toys.origin("mine").source == "mine 2.0"
    with pytest.raises(ConfigError, match=r"'mine' in .*other.py: the name is taken by mine 2.0"):
        load_code(tmp_path / "other.py")
    sys.modules.pop("decorated")


def test_a_file_is_run_once_and_inherited(tmp_path, monkeypatch):
    path = tmp_path / "parts.py"
    path.write_text(
        "import builtins\nbuiltins.gmf_loaded = getattr(builtins, 'gmf_loaded', 0) + 1\n"
    )
    monkeypatch.setattr(builtins, "gmf_loaded", 0, raising=False)
    load_code(path)
    load_code(path)
    load_inherited_code()
    assert builtins.gmf_loaded == 1
    assert os.environ[CODE_VARIABLE] == str(path)


def test_files_that_another_process_listed_are_run(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("import builtins\nbuiltins.gmf_listed.append('a')\n")
    (tmp_path / "b.py").write_text("import builtins\nbuiltins.gmf_listed.append('b')\n")
    monkeypatch.setattr(builtins, "gmf_listed", [], raising=False)
    monkeypatch.delenv(CODE_VARIABLE, raising=False)
    load_inherited_code(os.pathsep.join(str(tmp_path / name) for name in ("a.py", "b.py")))
    assert builtins.gmf_listed == ["a", "b"]
    load_inherited_code("")
    assert builtins.gmf_listed == ["a", "b"]


def test_the_place_of_a_part_is_known_without_importing_it(package, toys):
    assert toys.location("path") == "os:path"
    assert toys.location("theirs") == "stranger:PART"
    toys.register("here")(1)
    assert toys.location("here") is None


def test_a_registered_class_names_its_file(tmp_path, toys, monkeypatch):
    path = tmp_path / "mine.py"
    path.write_text("import builtins\n@builtins.gmf_toys.register('mine')\nclass Mine: pass\n")
    monkeypatch.setattr(builtins, "gmf_toys", toys, raising=False)
    load_code(path)
    assert toys.get("mine").__name__ == "Mine"
    assert toys.origin("mine").source == str(path)


def test_a_file_that_is_absent_or_fails_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"--code .*absent.py: expected a Python file"):
        load_code(tmp_path / "absent.py")
    path = tmp_path / "wrong.py"
    path.write_text("1 / 0\n")
    with pytest.raises(ConfigError, match=r"--code .*wrong.py: ZeroDivisionError"):
        load_code(path)


def test_a_file_that_registers_no_part_of_the_kind_is_told_where_one_is_missed(
    tmp_path, toys, monkeypatch
):
    monkeypatch.setattr(builtins, "gmf_toys", toys, raising=False)
    (tmp_path / "forgot.py").write_text("class Mine: pass\n")
    (tmp_path / "did.py").write_text(
        "import builtins\n@builtins.gmf_toys.register('his')\nclass His: pass\n"
    )
    assert toys.left_out() == ""
    load_code(tmp_path / "forgot.py")
    load_code(tmp_path / "did.py")
    told = "; forgot.py: no toy is registered there"
    assert toys.left_out() == told
    with pytest.raises(ConfigError, match=rf"toy 'mine': .*--code FILE{told}\)"):
        toys.get("mine")


def test_what_is_broken_is_left_out_and_told(package, toys):
    assert list(toys.usable()) == ["path", "theirs"]
    fault = "toy 'broken': stranger:NOTHING of stranger 1.2 cannot be imported"
    assert toys.fault_of("broken").startswith(fault)
    assert toys.left_out().startswith(f"; left out: {fault}")
    assert toys.fault_of("path") == toys.fault_of("theirs") == ""
