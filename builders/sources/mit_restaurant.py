"""MIT Restaurant: spoken queries about restaurants, eight types.

Homepage: https://groups.csail.mit.edu/sls/downloads/restaurant/
Format: IOB2 columns `tag token`, a tab between them; some copies have `token tag`.
"""

from ..readers.columns import read_either_order
from ..source import File, Source

_URL = "https://groups.csail.mit.edu/sls/downloads/restaurant/"

source = Source(
    name="MIT-Restaurant",
    task="NER",
    language="en",
    domain="restaurant queries",
    licence="unstated",
    redistribute="unstated",
    citation="Liu, Pasupat, Cyphers and Glass, 2013",
    homepage=_URL,
    access=f"Download restauranttrain.bio and restauranttest.bio from {_URL}.",
    sizes={"train": 7_660, "test": 1_521},
    files={
        "train": [File(("restauranttrain.bio", "restauranttrain.bio*"), url=f"{_URL}restauranttrain.bio")],
        "test": [File(("restauranttest.bio", "restauranttest.bio*"), url=f"{_URL}restauranttest.bio")],
    },
    read=read_either_order,
    labels={
        "Location": "Location",
        "Amenity": "Amenity",
        "Restaurant_Name": "Restaurant Name",
        "Price": "Price",
        "Rating": "Rating",
        "Hours": "Hours",
        "Dish": "Dish",
        "Cuisine": "Cuisine",
    },
    carve={"validation": 0.1},
    unpublished=("validation",),
    folders=("MIT_Restaurant", "MITRestaurant"),
    key="mit-restaurant",
)
