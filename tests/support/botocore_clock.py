"""botocore's idea of the present, for signatures that must be the same."""

from datetime import UTC, datetime


def stop_botocores_clock(monkeypatch, unix_time):
    """Let botocore sign as at ``unix_time``."""

    def now(remove_tzinfo=True):
        moment = datetime.fromtimestamp(unix_time, UTC)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    monkeypatch.setattr("botocore.auth.get_current_datetime", now)
