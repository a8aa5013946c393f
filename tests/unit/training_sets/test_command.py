"""``larder training-set`` without a platform."""

from larder.cli.main import main


def test_a_platform_that_the_environment_does_not_name_is_said_so(capsys):
    assert main(["training-set", "list"]) == 2
    printed = capsys.readouterr().err
    assert "LARDER_OFFLINE_BUCKET is not set; LARDER_DATABASE is not set" in printed
