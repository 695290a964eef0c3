"""FewRel and Wiki-ZSL with 15 unseen relations instead of 5: FewRel_15_0 to _4, Wiki-ZSL_15_0 to _4, one a seed."""

from iepile.builders.sources import fewrel, wiki_zsl

SOURCES = (*fewrel.sources(15), *wiki_zsl.sources(15))
