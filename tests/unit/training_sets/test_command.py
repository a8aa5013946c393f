"""``larder training-set`` without a platform."""

from larder.cli.main import main

CURE = 'Name the stage (larder.connect("dev")), or set them: eval "$(make -s env)" does.'


def listing(capsys):
    assert main(["training-set", "list"]) == 2
    return capsys.readouterr().err


def test_an_environment_that_names_no_platform_is_said_so(capsys):
    printed = listing(capsys)
    assert "The environment has no variable LARDER_" in printed
    assert CURE in printed


def test_what_an_environment_leaves_out_is_named(capsys, monkeypatch):
    monkeypatch.setenv("LARDER_REGISTRY_TABLE", "registry")
    printed = listing(capsys)
    assert "LARDER_OFFLINE_BUCKET is not set; LARDER_DATABASE is not set" in printed
    assert CURE in printed
