"""FewRel and Wiki-ZSL with 10 unseen relations instead of 5: FewRel_10_0 to _4, Wiki-ZSL_10_0 to _4, one a seed."""

from iepile.builders.sources import fewrel, wiki_zsl

SOURCES = (*fewrel.sources(10), *wiki_zsl.sources(10))
