"""The server backend against a server of our own, which also misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from iepile.builders.errors import IEPileError
from iepile.builders.tasks import get_task
from iepile.extraction.backend import Question, Reply
from iepile.extraction.extractor import Extractor
from iepile.extraction.openai_backend import OpenAIBackend

Behaviour = Callable[["Handler", dict[str, Any], int], None]


class Handler(BaseHTTPRequestHandler):
    """Does what the server's `behaviour` says; it is told how often this question came."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][0]["content"]
        with self.server.lock:
            self.server.seen[question] += 1
            self.server.bodies.append(body)
            self.server.headers.append(dict(self.headers))
        self.server.behaviour(self, body, self.server.seen[question])

    def send(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say(self, content: Any, finish: str = "stop", **choice: Any) -> None:
        found = {"message": {"role": "assistant", "content": content}, "finish_reason": finish, **choice}
        self.send(200, json.dumps({"choices": [found]}).encode())

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour, self.lock = behaviour, threading.Lock()
        self.seen: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.active = 0


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Server, OpenAIBackend]]]:
    servers = []

    def start(behaviour: Behaviour, **options: Any) -> tuple[Server, OpenAIBackend]:
        server = Server(behaviour)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/v1"
        return server, OpenAIBackend("toy", url, **{"wait": 0.01, "timeout": 5, **options})

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def gold(handler: Handler, body: dict[str, Any], _: int) -> None:
    text = json.loads(body["messages"][0]["content"])["input"]
    handler.say(json.dumps({"person": [word for word in text.rstrip(".").split() if word.istitle()]}))


def asked(text: str = "Ada met Bo.") -> Question:
    task = get_task("NER")
    return Question(task.ask(text, "en", ["person"]), task, ["person"], text)


Serve = Callable[..., tuple[Server, OpenAIBackend]]


def test_answers_come_in_order_and_in_parallel(serve: Serve) -> None:
    together: list[int] = []

    def slowly(handler: Handler, body: dict[str, Any], n: int) -> None:
        with handler.server.lock:
            handler.server.active += 1
            together.append(handler.server.active)
        time.sleep(0.05)
        with handler.server.lock:
            handler.server.active -= 1
        gold(handler, body, n)

    _, backend = serve(slowly, concurrency=4)
    came: dict[int, Reply] = {}
    texts = [f"Ada met Bo{n}." for n in range(12)]
    replies = backend.reply([asked(text) for text in texts], "free", came.__setitem__)
    assert [json.loads(r.output)["person"][1:] for r in replies] == [[f"Bo{n}"] for n in range(12)]
    assert [came[n] for n in range(12)] == replies and 1 < max(together) <= 4
    results = Extractor(backend).extract(texts[:2], ["person"], task="NER")
    assert [e.mention.start for e in results[1].entities] == [0, 8]


def test_the_question_is_the_rows_and_the_schema_that_of_the_answer(serve: Serve) -> None:
    server, backend = serve(gold, api_key="secret")
    backend.reply([asked()], "json")
    body = server.bodies[0]
    assert body["messages"] == [{"role": "user", "content": asked().instruction}]
    assert body["temperature"] == 0 and body["model"] == "toy"
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["person"] and schema["additionalProperties"] is False
    assert server.headers[0]["Authorization"] == "Bearer secret"
    backend.reply([asked()], "free")
    assert "response_format" not in server.bodies[1]


def misbehaving(kind: str) -> Behaviour:
    def behave(handler: Handler, body: dict[str, Any], n: int) -> None:
        if n > 2:
            return gold(handler, body, n)
        if kind == "429":
            return handler.send(429, b'{"error": {"message": "slow down"}}', Retry_After="0.02")
        if kind == "429 with a date":
            return handler.send(429, b"{}", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")
        if kind == "500":
            return handler.send(500, b"<html>oops</html>")
        if kind == "slow":
            return time.sleep(1)
        if kind == "dripping":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            for _ in range(20):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.05)
            return None
        if kind == "cut":
            return handler.send(200, b'{"choices": [{"mess', length=500)
        if kind == "nonsense":
            return handler.send(200, b"\xff\x00 not JSON")
        return handler.connection.close()

    return behave


@pytest.mark.parametrize("kind", ["429", "429 with a date", "500", "slow", "dripping", "cut", "nonsense", "closing"])
def test_what_passes_is_waited_for(serve: Serve, kind: str) -> None:
    server, backend = serve(misbehaving(kind), timeout=0.3)
    (reply,) = backend.reply([asked()], "free")
    assert json.loads(reply.output) == {"person": ["Ada", "Bo"]}
    assert server.seen[asked().instruction] == 3


def test_what_does_not_pass_is_told(serve: Serve) -> None:
    _, backend = serve(lambda handler, *_: handler.send(503, b'{"error": "no model"}'), retries=2)
    with pytest.raises(IEPileError, match=r"gave no answer in 3 tries: it answered 503 \(no model\)"):
        backend.reply([asked()], "free")
    server, backend = serve(lambda handler, *_: handler.send(401, b'{"error": {"message": "bad key"}}'))
    with pytest.raises(IEPileError, match=r"refuses the question: 401 \(bad key\)"):
        backend.reply([asked(f"Ada {n}.") for n in range(30)], "free")
    assert max(server.seen.values()) == 1  # not asked again
    _, backend = serve(lambda handler, *_: handler.send(200, b'{"models": []}'))
    with pytest.raises(IEPileError, match="no chat completion"):
        backend.reply([asked()], "free")
    with pytest.raises(IEPileError, match="gave no answer in 1 tries"):
        OpenAIBackend("toy", "http://127.0.0.1:9/v1", retries=0).reply([asked()], "free")


def test_a_key_is_not_carried_elsewhere(serve: Serve) -> None:
    other, _ = serve(gold)
    moved = f"http://127.0.0.1:{other.server_port}/v1/chat/completions"
    _, backend = serve(lambda handler, *_: handler.send(307, b"", Location=moved), api_key="secret")
    with pytest.raises(IEPileError, match="307"):
        backend.reply([asked()], "free")
    assert other.bodies == []


def test_nonsense_in_answers_gives_empty_results(serve: Serve) -> None:
    for content in ("I am sorry.", "\ud83d", None, '{"person": [1, {"a": null}]}', "[" * 5_000):
        _, backend = serve(lambda handler, *_, content=content: handler.say(content))
        result = Extractor(backend).extract("Ada met Bo.", ["person"], task="NER")
        assert result.entities == ()
    _, backend = serve(lambda handler, *_: handler.say(["a list"]))
    with pytest.raises(IEPileError, match="something else than text"):
        Extractor(backend).extract("Ada met Bo.", ["person"], task="NER")


def test_grounded_answers_hold_what_stands_in_the_text(serve: Serve) -> None:
    content = '{"person": ["Ada", "Zoe", "ada"]}'
    _, backend = serve(lambda handler, *_: handler.say(content))
    outputs = {decoding: backend.reply([asked()], decoding)[0].output for decoding in ("grounded", "json", "free")}
    assert outputs == {"grounded": '{"person": ["Ada"]}', "json": content, "free": content}
    task = get_task("EE")
    entry = {"event_type": "hiring", "trigger": True, "arguments": ["who", "stage"]}
    event = {"trigger": "hired", "arguments": {"who": "Zoe", "stage": "begun"}}
    _, backend = serve(lambda handler, *_: handler.say(json.dumps({"hiring": [event]})))
    question = Question("{}", task, [entry], "Acme hired Ada.", {"stage": ["begun", "ended"]})
    found = json.loads(backend.reply([question], "grounded")[0].output)["hiring"]
    assert found == [{"trigger": "hired", "arguments": {"who": "NAN", "stage": "begun"}}]


def test_a_server_without_schemas_is_asked_without(serve: Serve) -> None:
    def plain(handler: Handler, body: dict[str, Any], n: int) -> None:
        if "response_format" in body:
            return handler.send(400, b'{"error": {"message": "unknown field response_format"}}')
        return gold(handler, body, n)

    server, backend = serve(plain, concurrency=1)
    replies = backend.reply([asked(), asked("Zoe ran.")], "grounded")
    assert [json.loads(r.output)["person"] for r in replies] == [["Ada", "Bo"], ["Zoe"]]
    assert ["response_format" in body for body in server.bodies] == [True, False, False]


def test_cut_answers_are_closed_and_marked(serve: Serve) -> None:
    _, backend = serve(lambda handler, *_: handler.say('{"person": ["Ada", "B', finish="length"))
    (reply,) = backend.reply([asked()], "json")
    assert reply.cut and json.loads(reply.output) == {"person": ["Ada"]}
    result = Extractor(backend).extract("Ada met Bo.", ["person"], task="NER")
    assert result.notes == ("1 of 1 answers reached the token limit and were cut",)


def test_token_probabilities_become_confidences(serve: Serve) -> None:
    tokens = [('{"person": [', 0.0), ('"Ada', -0.1), ('"', 0.0), (', "', -0.5), ("Bo", -2.0), ('"]}', -1.0)]
    content = [{"token": t, "logprob": p, "bytes": list(t.encode())} for t, p in tokens]
    _, backend = serve(
        lambda handler, *_: handler.say("".join(t for t, _ in tokens), logprobs={"content": content}), logprobs=True
    )
    result = Extractor(backend).extract("Ada met Bo.", ["person"], task="NER")
    ada, bo = (entity.confidence or 0 for entity in result.entities)
    assert 0.9 < ada < 0.91 and 0.31 < bo < 0.32  # e^-0.1; e^-(0.5 + 2 + 1)/3
    (sure,) = Extractor(backend).extract("Ada met Bo.", ["person"], task="NER", threshold=0.5).entities
    assert sure.mention.text == "Ada"


def test_an_address_must_be_one() -> None:
    for url in ("localhost:8000", "file:///etc/passwd", ""):
        with pytest.raises(IEPileError, match="is no address"):
            OpenAIBackend("toy", url)
    with pytest.raises(IEPileError, match="give its url"):
        Extractor.from_pretrained("toy", backend="openai")
