"""Asks a server that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, TGI, SGLang.

The server applies the model's own chat template. `json` decoding is asked for by JSON Schema (`response_format`); with
`grounded`, what does not stand in the text is taken out of the answer when it is here, since a schema cannot say that.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from ..builders.errors import IEPileError
from .backend import Decoding, OnReply, Question, Reply
from .parsing import complete, parse
from .shapes import answer_shapes, json_schema

logger = logging.getLogger(__name__)

PASSING = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))  # states of a server that may pass
LONGEST_WAIT = 60.0  # seconds between two tries
LARGEST = 16 * 2**20  # bytes of an answer; more is nonsense


class OpenAIBackend:
    """See `backend.Backend`.

    Args:
        model: its name on the server.
        url: up to and with the version, such as http://localhost:8000/v1.
        api_key: sent to this address only; `OPENAI_API_KEY` if None.
        concurrency: questions under way at a time.
        timeout: seconds for one answer, from question to last byte.
        retries: further tries after an error that may pass; the wait doubles from `wait` seconds, or is what the
            server asks for.
        wait: before the first further try.
        max_new_tokens: the longest answer.
        context: tokens that the server's model takes in all, where known.
        logprobs: whether to ask for token probabilities, for confidences.
    """

    details: Mapping[str, Any]

    def __init__(
        self,
        model: str,
        url: str,
        *,
        api_key: str | None = None,
        concurrency: int = 8,
        timeout: float = 120,
        retries: int = 5,
        wait: float = 0.5,
        max_new_tokens: int = 512,
        context: int | None = None,
        logprobs: bool = False,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise IEPileError(f"{url!r} is no address of a server; give one such as http://localhost:8000/v1.")
        self.model, self.url = model, f"{url.rstrip('/')}/chat/completions"
        self.details = {"base": model, "server": url, "max_new_tokens": max_new_tokens}
        self._key = api_key or os.environ.get("OPENAI_API_KEY")
        self._concurrency, self._timeout, self._retries, self._wait = concurrency, timeout, retries, wait
        self._max_new_tokens, self._context, self._logprobs = max_new_tokens, context, logprobs
        self._opener = _opener(urlsplit(url).hostname or "")
        self._takes_schemas = True

    @property
    def room(self) -> int | None:
        return None if self._context is None else self._context - self._max_new_tokens

    def count_tokens(self, instruction: str) -> int:
        """A guess on the safe side: the server alone has the tokenizer."""
        wide = sum(char > "\u2e7f" for char in instruction)
        return wide + (len(instruction) - wide) // 3 + 40

    def reply(self, questions: Sequence[Question], decoding: Decoding, on_reply: OnReply | None = None) -> list[Reply]:
        replies: dict[int, Reply] = {}
        with ThreadPoolExecutor(self._concurrency) as pool:
            asked = {pool.submit(self._ask, question, decoding): n for n, question in enumerate(questions)}
            try:
                for future in as_completed(asked):
                    place = asked[future]
                    replies[place] = future.result()
                    if on_reply:
                        on_reply(place, replies[place])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [replies[n] for n in range(len(questions))]

    def _ask(self, question: Question, decoding: Decoding) -> Reply:
        answer = self._complete(question, decoding)
        try:
            choice = answer["choices"][0]
            output, cut = choice["message"]["content"] or "", choice.get("finish_reason") == "length"
        except (KeyError, IndexError, TypeError, AttributeError):
            raise IEPileError(f"{self.url} answered JSON that is no chat completion; is the address right?") from None
        if not isinstance(output, str):
            raise IEPileError(f"{self.url} answered with something else than text; is the address right?")
        if decoding == "free":
            return Reply(output, cut, _logprobs(choice))
        if cut:
            return Reply(complete(output, question.task, question.entries), cut)
        if decoding == "json":
            return Reply(output, cut, _logprobs(choice))
        shapes = answer_shapes(question, within=question.text)
        parsed = parse(output, question.task, question.entries, repair=False, shapes=shapes)
        if parsed.status != "valid" or not (parsed.dropped or parsed.off_schema):
            return Reply(output, cut, _logprobs(choice))
        return Reply(question.task.answer(parsed.answer), cut)

    def _complete(self, question: Question, decoding: Decoding) -> Any:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": question.instruction}],
            "temperature": 0,
            "max_tokens": self._max_new_tokens,
            **({"logprobs": True} if self._logprobs else {}),
        }
        if decoding != "free" and self._takes_schemas:
            schema = {"name": "answer", "strict": True, "schema": json_schema(question)}
            try:
                return self._post({**body, "response_format": {"type": "json_schema", "json_schema": schema}})
            except _Refused as refused:
                if refused.status not in (400, 422) or "response_format" not in str(refused):
                    raise
                logger.warning("%s takes no JSON Schema; its answers are not held to it", self.url)
                self._takes_schemas = False
        return self._post(body)

    def _post(self, body: Mapping[str, Any]) -> Any:
        """Send until an answer comes; what may pass is waited for."""
        failure = ""
        for attempt in range(self._retries + 1):
            try:
                return json.loads(self._send(json.dumps(body).encode()))
            except HTTPError as error:
                told = _told(error)
                if error.code not in PASSING:
                    raise _Refused(self.url, error.code, told) from None
                failure, wait = f"it answered {error.code} ({told})", _seconds(error.headers.get("Retry-After"))
            except (URLError, OSError, HTTPException, ValueError) as error:  # refused, reset, too slow, cut, not JSON
                failure, wait = f"{getattr(error, 'reason', None) or error or type(error).__name__}", None
            if attempt < self._retries:
                time.sleep(min(LONGEST_WAIT, self._wait * 2**attempt if wait is None else wait))
        raise IEPileError(f"{self.url} gave no answer in {self._retries + 1} tries: {failure}.")

    def _send(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self._key}"} if self._key else {}
        )
        end = time.monotonic() + self._timeout
        with self._opener.open(Request(self.url, body, headers), timeout=self._timeout) as response:
            length = response.headers.get("Content-Length")
            parts: list[bytes] = []
            while part := response.read1(1 << 16):
                parts.append(part)
                if time.monotonic() > end:  # the socket's own timeout starts anew with each byte
                    raise TimeoutError(f"no whole answer in {self._timeout:g} seconds")
                if sum(map(len, parts)) > LARGEST:
                    raise ValueError(f"an answer of more than {LARGEST >> 20} MB")
        whole = b"".join(parts)
        if length and len(whole) < int(length):
            raise ValueError("the answer was cut short")
        return whole


class _Refused(IEPileError):
    """The server does not take the question; asking again would not help."""

    def __init__(self, url: str, status: int, told: str) -> None:
        super().__init__(f"{url} refuses the question: {status} ({told}).")
        self.status = status


class _NoRedirect(HTTPRedirectHandler):
    """A key goes to the address that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(host: str) -> OpenerDirector:
    local = [ProxyHandler({})] if host == "localhost" or host.startswith("127.") or host == "::1" else []
    return build_opener(_NoRedirect, *local)


def _told(error: HTTPError) -> str:
    """What a server says of its error, in a line."""
    try:
        text = error.read(4096).decode("utf-8", "replace")
    except OSError:
        text = ""
    try:
        found = json.loads(text)["error"]
        text = found["message"] if isinstance(found, dict) else str(found)
    except (ValueError, KeyError, TypeError):
        pass
    return " ".join(text.split())[:200] or error.reason


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:  # a date
        return None


def _logprobs(choice: Mapping[str, Any]) -> tuple[tuple[int, float], ...] | None:
    """Where each token ends in the output and its log probability."""
    try:
        tokens = choice["logprobs"]["content"]
        written, found = b"", []
        for token in tokens:
            spelled = token.get("bytes")
            written += bytes(spelled) if spelled is not None else token["token"].encode()
            found.append((len(written.decode("utf-8", "ignore")), float(token["logprob"])))
        return tuple(found) or None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
