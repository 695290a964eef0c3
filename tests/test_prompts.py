"""The prompt format: what stands before the answer, id by id, the same wherever it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("transformers")

from iepile.builders.errors import IEPileError
from iepile.training.prompts import TEMPLATES, encode_completion, encode_prompt, get_template, render_prompt, stop_id

from conftest import SHARED
from toy_models import CHATML, toy_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ENGLISH = '{"instruction": "Extract.", "schema": ["person"], "input": "Ada met {query} and {system} in Lund."}'
CHINESE = '{"instruction": "请抽取。", "schema": ["人物"], "input": "小林住在青石镇。"}'
ANSWERS = {ENGLISH: '{"person": ["Ada"]}', CHINESE: '{"人物": ["小林"]}'}

# Our own short templates with the marks of each family: how it opens, closes and ends a turn.
LLAMA3 = (
    "{{ bos_token }}{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "<|start_header_id|>system<|end_header_id|>\n\nToday Date: {{ date_string }}\n\n<|eot_id|>"
    "{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>"
    "{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN3 = CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}",
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def _llama3() -> PreTrainedTokenizerBase:
    special = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    return toy_tokenizer(special, bos=special[0], eos=special[1], chat_template=LLAMA3)


def _gemma() -> PreTrainedTokenizerBase:
    special = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
    return toy_tokenizer(special, bos="<bos>", eos="<eos>", chat_template=GEMMA)


def _published() -> PreTrainedTokenizerBase:
    special = ("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<reserved_106>", "<reserved_107>")
    return toy_tokenizer(special, bos="<s>", eos="</s>", chat_template=None)


CASES = {
    "chatml": (toy_tokenizer, "chat"),
    "llama3": (_llama3, "chat"),
    "gemma": (_gemma, "chat"),
    "qwen3": (lambda: toy_tokenizer(chat_template=QWEN3), "chat"),
    **{name: (_published, name) for name in TEMPLATES},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("instruction", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_prompt_holds_the_instruction_unchanged_and_its_text_gives_the_same_ids(case: str, instruction: str) -> None:
    make, template = CASES[case]
    tokenizer = make()
    ids = encode_prompt(tokenizer, instruction, template)
    text = render_prompt(tokenizer, instruction, template)
    assert tokenizer.decode(ids) == text
    assert text.count(instruction) == 1
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == ids or template == "alpaca"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("instruction", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_completion_is_the_output_and_one_closing_token(case: str, instruction: str) -> None:
    make, template = CASES[case]
    tokenizer = make()
    ids = encode_completion(tokenizer, ANSWERS[instruction], template)
    assert tokenizer.decode(ids[:-1]) == ANSWERS[instruction]
    assert ids[-1] == stop_id(tokenizer, template)
    closing = {"chatml": "<|im_end|>", "llama3": "<|eot_id|>", "gemma": "<end_of_turn>", "qwen3": "<|im_end|>"}
    expected = closing.get(case, TEMPLATES[template].stop if template != "chat" else "") or "</s>"
    assert tokenizer.convert_ids_to_tokens(ids[-1]) == expected


@pytest.mark.parametrize("case", ["chatml", "llama3", "gemma"])
def test_a_chat_prompt_and_its_completion_are_what_the_template_writes_for_both_turns(case: str) -> None:
    tokenizer = CASES[case][0]()
    turns = [{"role": "user", "content": CHINESE}, {"role": "assistant", "content": ANSWERS[CHINESE]}]
    whole = tokenizer.apply_chat_template(turns, tokenize=False, date_string="26 Jul 2024")
    joined = tokenizer.decode(encode_prompt(tokenizer, CHINESE) + encode_completion(tokenizer, ANSWERS[CHINESE]))
    assert whole.startswith(joined)
    assert whole[len(joined) :].strip() == ""


def test_a_prompt_does_not_change_with_the_day() -> None:
    assert "26 Jul 2024" in render_prompt(_llama3(), ENGLISH)


def test_a_model_that_can_think_is_asked_not_to() -> None:
    assert render_prompt(toy_tokenizer(chat_template=QWEN3), ENGLISH).endswith("<think>\n\n</think>\n\n")


def test_templates_are_the_published_ones() -> None:
    path = SHARED / "reference" / "prompt_templates.json"
    if not path.exists():
        pytest.skip("the reference files are not beside this checkout")
    published = json.loads(path.read_text("utf-8"))["templates"]
    tokenizer = _published()
    assert set(published) == set(TEMPLATES)
    for name, expected in published.items():
        text = expected["prompt"].replace("{bos}", "<s>").replace("{system}", expected["system"])
        assert render_prompt(tokenizer, "Q", name) == text.replace("{query}", "Q")
        answer = expected["completion"].replace("{eos}", "</s>").replace("{output}", "A")
        assert tokenizer.decode(encode_completion(tokenizer, "A", name)) == answer


def test_alpaca_pieces_are_tokenised_one_by_one() -> None:
    tokenizer = _published()
    pieces = (get_template("alpaca").system, "\n\n", f"### Instruction:\n{ENGLISH}\n\n### Response:\n")
    ids = [i for piece in pieces for i in tokenizer(piece, add_special_tokens=False)["input_ids"]]
    assert encode_prompt(tokenizer, ENGLISH, "alpaca") == [tokenizer.bos_token_id, *ids]


def test_unknown_template_names_the_nearest() -> None:
    with pytest.raises(IEPileError, match="did you mean 'alpaca'"):
        encode_prompt(toy_tokenizer(), ENGLISH, "alpacca")


def test_a_base_without_a_chat_template_says_what_to_set() -> None:
    with pytest.raises(IEPileError, match="no chat template; name a template"):
        encode_prompt(_published(), ENGLISH)


def test_a_template_of_another_base_says_which_token_is_missing() -> None:
    with pytest.raises(IEPileError, match="needs the token '<reserved_106>'"):
        encode_prompt(toy_tokenizer(), ENGLISH, "baichuan2")
