"""A server of S3's interface on 127.0.0.1 (moto) with one empty bucket named `costs`. For tests only."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow.fs
import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

KEY, SECRET = "an-access-key-id", "a-secret-access-key"


@contextmanager
def s3_server() -> Iterator[pyarrow.fs.S3FileSystem]:
    """Its file system, seen past the code under test; for the block its address and keys stand in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto_api_backend.reset()  # it keeps what it holds in its process, past the server that was asked
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        files = pyarrow.fs.S3FileSystem(
            endpoint_override=variables["AWS_ENDPOINT_URL"], allow_bucket_creation=True, background_writes=False
        )
        files.create_dir("costs")
        yield files
    server.stop()
