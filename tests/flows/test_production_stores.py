"""The same month on the stores of production: the archive on an S3 server, the ledger on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.whole_month import frozen_files, run_tonghop


@pytest.mark.slow
def test_a_month_on_s3_and_postgresql_publishes_the_same_edition(
    s3_bucket: tuple[str, str], postgresql_url: str, published_home: Path, sample_inbox: Path, tmp_path: Path
) -> None:
    endpoint, bucket = s3_bucket
    home = tmp_path / "home"
    env = {
        "TONGHOP_ARCHIVE": f"s3://{bucket}/gialai", "TONGHOP_S3_ENDPOINT": endpoint,
        "TONGHOP_LEDGER": postgresql_url.replace("postgresql://", "postgresql+psycopg://"),
        "TONGHOP_PREFECT": "off", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert frozen_files(home) == frozen_files(published_home) != {}
    verified = run_tonghop("verify", home=home, env=env)
    assert verified.returncode == 0, verified.stderr
    assert not (home / "ledger.sqlite").exists()
    assert not (home / "archive").exists()
