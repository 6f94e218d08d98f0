"""The variables that every AWS client reads: AWS_REGION, AWS_ENDPOINT_URL and credentials."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def aws_environment() -> Mapping[str, str]:
    """Return the process's environment. Only names that begin with AWS_ are read from it.

    Lambda's runtime may set new credentials in a running process, so this is no copy.
    """
    return os.environ
