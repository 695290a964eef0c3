"""The Gradio app: a text, a task and a schema in; marks in the text, a table and JSON out.

IEPILE_MODEL=HuggingFaceTB/SmolLM2-135M-Instruct IEPILE_ADAPTER=adapter python app.py
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr  # noqa: E402
from iepile.builders.errors import IEPileError  # noqa: E402
from iepile.extraction.extractor import Extractor  # noqa: E402
from iepile.extraction.grounding import Mention  # noqa: E402
from iepile.extraction.results import Result  # noqa: E402
from iepile.extraction.schemas import parse_schema  # noqa: E402

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"  # where the environment names neither a model nor an adapter

# Task → (name, how its schema is written).
TASKS: Mapping[str, tuple[str, str]] = {
    "NER": ("Entities", "Types, with commas between them."),
    "RE": ("Relations", "Relations, with commas between them."),
    "SPO": ("Typed relations", "One a line: subject type, relation, object type"),
    "EE": ("Events", "One a line: type: role, role"),
    "EET": ("Event triggers", "Event types, with commas between them."),
    "EEA": ("Event arguments", "One a line: type [trigger, trigger]: role, role"),
    "KG": ("Entities with attributes", "One a line: entity type: attribute, attribute"),
}
HEADERS = ["type", "mention", "at"]  # of an empty table
LANGUAGES = {"as the text": None, "English": "en", "Chinese": "zh"}
EXAMPLES = (
    ("Mara Ellwood left Port Tarn in 1931 to found the Tarn Gazette with her brother Joss.", "NER",
     "person, place, organization, date"),
    ("韩若溪出生于云阳县，后来在松岭大学任教，并写下了《北岸纪事》。", "NER", "人物, 地点, 机构, 作品"),
    ("Ilse Brandt, who was born in Kolmar, married the painter Otto Reiss.", "RE", "place of birth, spouse, employer"),
    ("In May the Velden Group bought the shipyard Norhaven for 40 million euros and dismissed 300 workers.", "EE",
     "acquisition: buyer, bought company, price, time\ndismissal: employer, number of people, time"),
    ("The ferry Alder, built in Norhaven in 1957, was captained by Ilse Brandt, who was born in Kolmar.", "KG",
     "ship: built in, year, captain\nperson: place of birth, job"),
)  # fmt: skip

THEME = gr.themes.Soft(
    primary_hue="teal",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
)
CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
#found { contain: inline-size; } /* a table as wide as it was would keep the page from narrowing */
#table td, #table th { font-family: inherit; }
#marked .textspan, #marked .textfield { line-height: 2.1; }
.gradio-container button.primary { background: #0f766e; }
.gradio-container button.primary:hover { background: #115e59; }
#examples { min-width: 0; }
#examples .table-wrap { overflow-x: auto; }
#examples th, #examples td { text-align: left; }
@media (max-width: 640px) { .gradio-container { padding: 8px !important; } }
"""
LAUNCH: Mapping[str, Any] = {"theme": THEME, "css": CSS, "footer_links": [], "show_error": False}


def build_app(extractor: Extractor) -> Any:
    """The page that asks the extractor, a `gradio.Blocks`; `build_app(extractor).launch(**LAUNCH)` opens it."""

    def run(text: str, task: str, language: str, schema: str, decoding: str, threshold: float) -> tuple[Any, ...]:
        if not text.strip():
            return _nothing("Give a text first.")
        try:
            asked = parse_schema(schema, task)
            result = extractor.extract(
                text, asked, task=task, language=LANGUAGES[language], decoding=decoding, threshold=threshold
            )
        except IEPileError as error:
            return _nothing(str(error))
        found = _table(result)
        notes = list(result.notes) or ([] if found["data"] else ["Nothing of the schema was found in the text."])
        note = gr.Textbox("\n".join(f"{note[:1].upper()}{note[1:]}" for note in notes), visible=bool(notes))
        return result.segments(), found, result.to_dict(), note

    with gr.Blocks(title="IEPile extraction", analytics_enabled=False) as app:
        gr.Markdown(
            "# IEPile extraction\n"
            "Entities, relations and events by your own schema, in English and Chinese. "
            f"Model: `{extractor.backend.details.get('base')}`"
            + (f" with the adapter `{name}`" if (name := extractor.backend.details.get("adapter")) else "")
        )
        with gr.Row():
            with gr.Column(scale=5, min_width=280):
                text = gr.Textbox(EXAMPLES[0][0], label="Text", lines=5, max_lines=14, elem_id="text")
                task = gr.Radio(
                    [(name, key) for key, (name, _) in TASKS.items()], value="NER", label="Task", elem_id="task"
                )
                schema = gr.Textbox(
                    EXAMPLES[0][2], label="Schema", info=TASKS["NER"][1], lines=3, max_lines=10, elem_id="schema"
                )
                with gr.Accordion("More", open=False):
                    language = gr.Radio(list(LANGUAGES), value="as the text", label="Language of the instruction")
                    decoding = gr.Radio(
                        [("words of the text", "grounded"), ("any words", "json"), ("unconstrained", "free")],
                        value="grounded",
                        label="Answers may hold",
                    )
                    threshold = gr.Slider(0, 1, 0, step=0.05, label="Leave out what the model is less sure of")
                button = gr.Button("Extract", variant="primary", elem_id="extract")
            with gr.Column(scale=6, min_width=280):
                marked = gr.HighlightedText(label="In the text", show_legend=True, elem_id="marked")
                note = gr.Textbox(label="Notes", visible=False, interactive=False, elem_id="notes")
                with gr.Tabs(elem_id="found"):
                    with gr.Tab("Table"):
                        table = gr.Dataframe(
                            headers=HEADERS, interactive=False, wrap=True, show_label=False, elem_id="table"
                        )
                    with gr.Tab("JSON"):
                        raw = gr.JSON(show_label=False, elem_id="json")
        gr.Examples(
            [list(example) for example in EXAMPLES], [text, task, schema], label="Examples", elem_id="examples"
        )
        task.change(lambda key: gr.Textbox(info=TASKS[key][1]), task, schema, show_progress="hidden")
        button.click(
            run,
            [text, task, language, schema, decoding, threshold],
            [marked, table, raw, note],
            concurrency_limit=1,  # the model answers one at a time
            api_name="extract",
        )
    return app


def _nothing(note: str) -> tuple[Any, ...]:
    return None, {"headers": HEADERS, "data": []}, None, gr.Textbox(note, visible=True)


def _table(result: Result) -> dict[str, Any]:
    """Headers and rows for the kind of items that the task finds."""
    if result.task in ("RE", "SPO", "KG"):
        headers = ["entity", "attribute", "value"] if result.task == "KG" else ["subject", "relation", "object"]
        headers += ["at", "sure"]
        rows = [
            [
                r.subject.text,
                r.relation,
                r.object.text,
                f"{_place(r.subject)}, {_place(r.object)}",
                _percent(r.confidence),
            ]
            for r in result.relations
        ]
    elif result.events or result.task in ("EE", "EET", "EEA"):
        headers = ["event", "trigger", "role", "argument", "at", "sure"]
        rows = [row for event in result.events for row in _event_rows(event)]
    else:
        headers = ["type", "mention", "at", "sure"]
        rows = [[e.type, e.mention.text, _place(e.mention), _percent(e.confidence)] for e in result.entities]
    if not any(row[-1] for row in rows):
        headers, rows = headers[:-1], [row[:-1] for row in rows]
    return {"headers": headers, "data": rows}


def _event_rows(event: Any) -> Sequence[list[str]]:
    trigger = event.trigger.text if event.trigger else ""
    place = _place(event.trigger) if event.trigger else ""
    if not event.arguments:
        return [[event.type, trigger, "", "", place, _percent(event.confidence)]]
    return [
        [event.type, trigger, a.role, a.mention.text, _place(a.mention), _percent(a.confidence)]
        for a in event.arguments
    ]


def _place(mention: Mention) -> str:
    return "not in the text" if mention.start is None else f"{mention.start}–{mention.end}"


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.0%}"


def main() -> None:
    """Run as a Space does: the environment names the model and the adapter."""
    base, adapter = os.environ.get("IEPILE_MODEL"), os.environ.get("IEPILE_ADAPTER")
    extractor = Extractor.from_pretrained(base or (None if adapter else MODEL), adapter or None)
    build_app(extractor).launch(**LAUNCH)


if __name__ == "__main__":
    main()
