"""What the environment does not say: a person's profile, single sign-on, or an instance's role.

botocore knows all of these. No function imports this module: Lambda gives its credentials in the environment.
"""

from __future__ import annotations

import time

from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session

from segue.aws.credentials import Credentials, NoAnswerError
from segue.errors import ConfigError

_KEPT_S = 600.0
"""Seconds after which botocore is asked again; it renews what ends within ten minutes."""


def find_credentials() -> Credentials:
    """Return the credentials that the AWS command line would use.

    Raises
    ------
    ConfigError
        There are none, or AWS_PROFILE names a profile that is not there.
    NoAnswerError
        They cannot be renewed, as where a single sign-on has ended.
    """
    try:
        found = Session().get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except ProfileNotFound as error:
        raise ConfigError("AWS_PROFILE", f"{error}.") from error
    except BotoCoreError as error:
        raise NoAnswerError(f"credentials cannot be read: {error}") from error
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise ConfigError(
            "AWS_ACCESS_KEY_ID",
            "no AWS credentials: set keys, name a profile in AWS_PROFILE, or run under a role.",
        )
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token, time.time() + _KEPT_S)


def find_region() -> str | None:
    """Return the Region of the profile, None where it has none."""
    region: str | None = Session().get_config_variable("region")
    return region
