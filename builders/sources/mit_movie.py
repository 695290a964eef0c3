"""MIT Movie (eng): spoken queries about films, twelve types. The harder `trivia10k13` is no part of it.

Homepage: https://groups.csail.mit.edu/sls/downloads/movie/
Format: IOB2 columns `tag token`, a tab between them; copies that end in `.txt` have `token tag`.
"""

from ..readers.columns import read_either_order
from ..source import File, Source

_URL = "https://groups.csail.mit.edu/sls/downloads/movie/"

source = Source(
    name="MIT-Movie",
    task="NER",
    language="en",
    domain="film queries",
    licence="unstated",
    redistribute="unstated",
    citation="Liu, Pasupat, Wang, Cyphers and Glass, 2013",
    homepage=_URL,
    access=f"Download engtrain.bio and engtest.bio from {_URL}.",
    sizes={"train": 9_775, "test": 2_443},
    files={
        "train": [File(("engtrain.bio", "engtrain.bio*"), url=f"{_URL}engtrain.bio")],
        "test": [File(("engtest.bio", "engtest.bio*"), url=f"{_URL}engtest.bio")],
    },
    read=read_either_order,
    labels={
        "GENRE": "genre",
        "YEAR": "year",
        "PLOT": "plot",
        "TITLE": "title",
        "TRAILER": "trailer",
        "SONG": "song",
        "ACTOR": "actor",
        "CHARACTER": "character",
        "DIRECTOR": "director",
        "RATINGS_AVERAGE": "average ratings",
        "RATING": "rating",
        "REVIEW": "review",
    },
    carve={"validation": 0.1},
    unpublished=("validation",),
    folders=("MIT_Movie", "MITMovie"),
    key="mit-movie",
)
