"""Where native files may lie: the names and folders of the distributions, each found for its split alone."""

import shutil
from pathlib import Path

import pytest
from iepile.builders.source import get_source

from reading import mentions, records, written

# Source → the splits' files as one distribution has them; several distributions for some.
LAYOUTS: list[tuple[str, dict[str, str]]] = [
    ("AnatEM", {"train": "AnatEM-1.0.2/standoff/train/", "validation": "AnatEM-1.0.2/standoff/devel/"}),
    ("AnatEM", {"test": "AnatEM-1.0.2/conll/test/", "validation": "AnatEM-1.0.2/conll/devel/"}),
    ("AnatEM", {"train": "data/AnatEM/train.tsv", "validation": "data/AnatEM/devel.tsv", "test": "AnatEM/test.tsv"}),
    ("BC2GM", {"validation": "devel-split/devel/", "test": "original-data/test/", "train": "original-data/train/"}),
    ("BC2GM", {"train": "conll/train.tsv", "validation": "conll/devel.tsv", "test": "conll/test.tsv"}),
    ("BC4CHEMD", {"train": "BC4CHEMD/train.tsv", "validation": "BC4CHEMD/devel.tsv", "test": "BC4CHEMD/test.tsv"}),
    ("BC5CDR", {"train": "CDR_TrainingSet.PubTator.txt", "validation": "CDR_DevelopmentSet.PubTator.txt"}),
    ("BC5CDR", {"test": "CDR_Data/CDR.Corpus.v010516/CDR_TestSet.PubTator.txt"}),
    ("BC5CDR", {"train": "BC5CDR-IOB/train.tsv", "validation": "BC5CDR-IOB/devel.tsv", "test": "BC5CDR-IOB/test.tsv"}),
    ("CoNLL2003", {"train": "eng.train", "validation": "eng.testa", "test": "eng.testb"}),
    ("CoNLL2003", {"train": "conll2003/train.txt", "validation": "conll2003/valid.txt", "test": "conll2003/test.txt"}),
    ("CrossNER_music", {"zero_shot": "ner_data/music/test.txt"}),
    ("CrossNER_science", {"zero_shot": "science/test.txt"}),
    ("FabNER", {"test": "S1-test.txt", "train": "S2-train.txt", "validation": "S3-val.txt"}),
    ("FindVehicle", {"train": "FindVehicle_train.txt", "test": "FindVehicle_test.txt"}),
    ("FindVehicle", {"train": "FindVehicle_train.jsonl", "test": "FindVehicle_test.jsonl"}),
    ("GENIA_NER", {"train": "genia.train.iob2", "validation": "genia.dev.iob2", "test": "genia.test.iob2"}),
    ("HarveyNER", {"train": "data/tweets/tweets.train.bio", "test": "data/tweets/tweets.test.bio"}),
    ("MIT-Movie", {"train": "engtrain.bio", "test": "engtest.bio"}),
    ("MIT-Movie", {"train": "eng/engtrain.bio.txt", "test": "eng/engtest.bio.txt"}),
    ("MIT-Restaurant", {"train": "restauranttrain.bio", "test": "restauranttest.bio"}),
    (
        "MultiNERD",
        {"train": "data/en/train_en.tsv", "validation": "data/en/dev_en.tsv", "test": "data/en/test_en.tsv"},
    ),
    ("MultiNERD", {"train": "train/train_en.jsonl", "validation": "val/val_en.jsonl", "test": "test/test_en.jsonl"}),
    ("NCBI-Disease", {"train": "original-data/train/NCBItrainset_corpus.txt", "test": "NCBItestset_corpus.txt"}),
    ("NCBI-Disease", {"train": "conll/train.tsv", "validation": "conll/devel.tsv", "test": "conll/test.tsv"}),
    ("MSRA", {"train": "msra_train_bio.txt", "test": "msra_test_bio.txt"}),
    ("MSRA", {"train": "MSRA/train1.txt", "test": "MSRA/testright1.txt"}),
    ("ResumeNER", {"train": "train.char.bmes", "validation": "dev.char.bmes", "test": "ResumeNER/test.char.bmes"}),
    ("CLUENER2020", {"train": "train.json", "test": "dev.json"}),
    ("Boson", {"zero_shot": "origindata.txt"}),
    ("Boson", {"zero_shot": "BosonNLP_NER_6C/BosonNLP_NER_6C.txt"}),
    ("WeiboNER", {"zero_shot": "weiboNER_2nd_conll.test"}),
    ("ADE_corpus", {"train": "ADE-Corpus-V2/DRUG-AE.rel"}),
    ("CoNLL2004", {"train": "conll04_train.json", "validation": "conll04_dev.json", "test": "conll04_test.json"}),
    ("CoNLL2004", {"validation": "multihead/data/CoNLL04/dev.txt", "test": "multihead/data/CoNLL04/test.txt"}),
    ("GIDS", {"train": "Data/GIDS/train.tsv", "validation": "Data/GIDS/dev.tsv", "test": "Data/GIDS/test.tsv"}),
    ("KBP37", {"train": "train.txt", "validation": "dev.txt", "test": "kbp37/test.txt"}),
    ("New-York-Times-RE", {"validation": "data/NYT/dev_triples.json", "test": "data/NYT/test_triples.json"}),
    ("New-York-Times-RE", {"train": "raw_train.json", "validation": "raw_valid.json", "test": "raw_test.json"}),
    ("NYT11-HRL", {"train": "train.json", "test": "test.json"}),
    ("NYT11-HRL", {"validation": "dataset/NYT11-HRL/new_valid.json", "test": "dataset/NYT11-HRL/new_test.json"}),
    ("SciERC", {"train": "data/scierc/train.json", "validation": "data/scierc/dev.json", "test": "scierc/test.json"}),
    ("SciERC", {"test": "processed_data/json/test.json"}),
    ("SemEval-RE", dict.fromkeys(("train", "validation"), "SemEval2010_task8_training/TRAIN_FILE.TXT")),
    ("SemEval-RE", {"test": "SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT"}),
    ("CMeIE", {"train": "CMeIE_train.json", "test": "CMeIE_dev.json"}),
    ("DuIE2.0", {"train": "ToddLynn/duie_train_4000.json", "test": "ToddLynn/duie_dev.json"}),
    ("DuIE2.0", {"train": "LawsonAbs/train_data_5000.json"}),
    ("CASIE", {"train": "data/annotation/"}),
    ("PHEE", {"train": "data/json/train.json", "validation": "data/json/dev.json", "test": "data/json/test.json"}),
    ("DuEE1.0", {"train": "duee_train.json", "test": "duee_dev.json"}),
    ("DuEE-fin", {"train": "duee_fin_train.json", "test": "duee_fin_dev.json"}),
    ("FewRel_0", {"zero_shot": "data/val_wiki.json"}),
    ("FewRel_3", {"zero_shot": "zero_rte/fewrel/unseen_5_seed_3/test.jsonl"}),
    ("Wiki-ZSL_0", {"zero_shot": "zero_rte/wiki/unseen_5_seed_0/test.jsonl"}),
    ("Wiki-ZSL_4", {"zero_shot": "wiki_all.json"}),
    ("WikiEvents", {"zero_shot": "data/wikievents/test.jsonl"}),
    ("RAMS", {"zero_shot": "data/rams/test.jsonlines"}),
    ("CrudeOilNews", {"zero_shot": "annotations/Test Set_ADJ/"}),
    ("COAE2016", {"zero_shot": "data/COAE_Task3/训练集/train_shuffle"}),
]


@pytest.mark.parametrize(("name", "files"), LAYOUTS)
def test_files_are_found_as_they_are_given_out(name: str, files: dict[str, str], tmp_path: Path) -> None:
    source = get_source(name)
    for folder in ("", "raw/"):
        root = tmp_path / (folder or "bare") / name
        for place in files.values():
            # A folder of documents needs one.
            document = f"{place}a.json" if place.endswith("/") else place
            written(root, folder + document, '{"info": {"date": "2017_01_01"}}')
        assert source.folder(root.parent) == root
        found = source.find(root)
        for split, place in files.items():
            whole = name == "BC2GM" and split == "train"  # its reader picks the files itself
            expected = root / folder / place.rstrip("/")
            assert whole or found[split][0] == expected
        assert set(found) <= {*files, *source.carve}


def test_both_test_files_make_a_split(tmp_path: Path) -> None:
    for source, places in {
        "FewFC": ["original/dev_base.json", "rearranged/test_trans.json"],
        "IPRE": ["data/test/sent_test.txt", "data/test/sent_relation_test.txt"],
        "BC4CHEMD": ["chemdner_corpus/training.abstracts.txt", "chemdner_corpus/training.annotations.txt"],
    }.items():
        written(tmp_path / source, places[0], "")
        assert not get_source(source).find(tmp_path / source)
        written(tmp_path / source, places[1], "")
        (paths,) = get_source(source).find(tmp_path / source).values()
        assert [str(path.relative_to(tmp_path / source)) for path in paths] == places


def test_copies_that_are_another_corpus_are_passed_over(tmp_path: Path) -> None:
    for place in (
        "NYT_star/test_triples.json",
        "trivia/trivia10k13test.bio",
        "easy_hard/simple.bio",
        "weiboNER.conll.test",
    ):
        written(tmp_path, place, "")
    for name in ("New-York-Times-RE", "MIT-Movie", "HarveyNER", "WeiboNER"):
        assert not get_source(name).find(tmp_path)


@pytest.mark.parametrize(
    ("name", "tag"), [("AnatEM", "Anatomy"), ("BC2GM", "GENE"), ("BC5CDR", "Disease"), ("NCBI-Disease", "Disease")]
)
def test_biomedical_corpora_from_columns(name: str, tag: str, tmp_path: Path) -> None:
    source = get_source(name)
    for split, file in (("train", "train.tsv"), ("validation", "devel.tsv"), ("test", "test.tsv")):
        written(tmp_path, file, f"moss\tB-{tag}\nrot\tI-{tag}\n\n{split}\tO")
    assert tuple(source.find(tmp_path)) == source.splits
    for split in source.splits:
        first, second = records(source.records(tmp_path, split))
        assert (mentions(first), second.text) == ([("moss rot", source.labels[tag])], split)


@pytest.mark.parametrize("name", ["AnatEM", "BC4CHEMD", "BC5CDR", "NCBI-Disease"])
def test_the_published_profile_reads_columns_where_all_splits_have_them(name: str, tmp_path: Path) -> None:
    source = get_source(name)
    shutil.copytree(source.sample, tmp_path / "native")
    native = {split: len(records(source.records(tmp_path, split))) for split in source.splits}
    for split, file in (("train", "train.tsv"), ("validation", "devel.tsv"), ("test", "test.tsv")):
        assert source.at(tmp_path, published=True).find(tmp_path) == source.find(tmp_path)
        written(tmp_path, f"columns/{file}", f"{split}\tO\n")
    published = source.at(tmp_path, published=True)
    for split in source.splits:
        assert [r.text for r in records(published.records(tmp_path, split))] == [split]
        assert len(records(source.at(tmp_path).records(tmp_path, split))) == native[split]


def test_anatem_reads_a_folder_of_columns(tmp_path: Path) -> None:
    written(tmp_path, "conll/test/PMID-2.conll", "lung\tB-Organ\n")
    written(tmp_path, "conll/test/PMID-1.conll", "Two\tO\n\ncell\tB-Cell\nwalls\tI-Cell\n\n")
    found = records(get_source("AnatEM").records(tmp_path, "test"))
    assert [(r.text, mentions(r)) for r in found] == [
        ("Two", []),
        ("cell walls", [("cell walls", "Anatomy")]),
        ("lung", [("lung", "Anatomy")]),
    ]
