from pathlib import Path

from devstack.class_cache import ClassCache


def jar(folder: Path, content: str = "classes") -> Path:
    file = folder / "thing-1.0.jar"
    file.write_text(content)
    return file


def made_by(cache: ClassCache) -> None:
    """What the JVM does with the options."""
    with cache.recorded() as options:
        (option,) = options
        Path(option.removeprefix("-XX:AOTCacheOutput=")).write_text("made")


def test_it_is_used_once_it_was_made_and_made_once(tmp_path: Path) -> None:
    cache = ClassCache([jar(tmp_path)])
    assert cache.options() == []
    made_by(cache)
    (file,) = tmp_path.glob("*.aot")
    assert cache.options() == ClassCache([tmp_path / "thing-1.0.jar"]).options() == [f"-XX:AOTCache={file}"]
    with cache.recorded() as options:
        assert options == []


def test_other_jars_have_another_one_which_replaces_the_first(tmp_path: Path) -> None:
    made_by(ClassCache([jar(tmp_path)]))
    cache = ClassCache([jar(tmp_path, "other classes")])
    assert cache.options() == []
    made_by(cache)
    assert len(list(tmp_path.glob("*.aot*"))) == len(cache.options()) == 1


def test_a_jvm_that_makes_none_leaves_nothing(tmp_path: Path) -> None:
    cache = ClassCache([jar(tmp_path)])
    with cache.recorded():
        pass
    assert cache.options() == []
    assert list(tmp_path.glob("*.aot*")) == []
