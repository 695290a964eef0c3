"""What the Hub, or the way to it, refuses: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled

from ..builders.errors import IEPileError

# The HTTP library's own errors: huggingface_hub has changed that library more than once.
_HTTP_ERRORS: tuple[type[Exception], ...] = (cast(type[Exception], HfHubHTTPError.__bases__[0]), OSError)


@contextmanager
def one_sentence(doing: str) -> Iterator[None]:
    """Turn what goes wrong while `doing` ("upload ada/iepile") into an `IEPileError`."""
    endpoint = constants.ENDPOINT
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise IEPileError(f"Not logged in to {endpoint}: run `hf auth login`, or set HF_TOKEN.") from error
    except OfflineModeIsEnabled as error:
        raise IEPileError(f"Cannot {doing}: HF_HUB_OFFLINE is set; unset it and run this again.") from error
    except _HTTP_ERRORS as error:
        if getattr(error, "filename", None):  # of a file, not of the network
            raise
        response = getattr(error, "response", None)
        if response is not None:
            said = getattr(error, "server_message", None) or str(error).partition("\n")[0]
            answered = f"{endpoint} answered {response.status_code} ({said})"
            raise IEPileError(f"Cannot {doing}: {answered}; {_advice(response.status_code)}") from error
        if "xet-write-token" in str(error):
            advice = "this Hub has no Xet storage: set HF_HUB_DISABLE_XET=1 and run this again."
        else:
            advice = "check the network and HF_ENDPOINT, and run this again."
        raise IEPileError(f"Cannot {doing}: no answer from {endpoint} ({error}); {advice}") from error


def _advice(status: int) -> str:
    if status == 401:
        return "log in again with `hf auth login`, or set HF_TOKEN to a valid token."
    if status == 403:
        return "name a namespace that you may write to, and use a token with write access."
    if status == 404:
        return "check that HF_ENDPOINT is a Hub."
    if status == 412:
        return "someone else has pushed meanwhile; run this again."
    if status == 429 or status >= 500:
        return "wait a little and run this again."
    return "mend what it names and run this again."
