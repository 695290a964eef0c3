"""CMeIE: Chinese medical textbooks and clinical practice, fifty-three typed relations.

Paper: https://doi.org/10.1007/978-3-030-60450-9_22
Format: JSON lines with `spo_list`, as in DuIE2.0. The predicate 同义词 has ten pairs of types; as published, each of
them is a relation with a name of its own, 同义词（疾病） and so on. Texts often open with the disease and "@".
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..readers.triples import read_triples
from ..records import Record, Rejected, Relation
from ..source import File, Source
from ..tasks import Triple

# subject type, predicate, object type, in the published order
TRIPLES = (
    Triple("疾病", "并发症", "疾病"),
    Triple("疾病", "病理分型", "疾病"),
    Triple("疾病", "同义词（疾病）", "疾病"),
    Triple("疾病", "相关（转化）", "疾病"),
    Triple("疾病", "鉴别诊断", "疾病"),
    Triple("疾病", "相关（症状）", "疾病"),
    Triple("疾病", "相关（导致）", "疾病"),
    Triple("疾病", "风险评估因素", "社会学"),
    Triple("疾病", "遗传因素", "社会学"),
    Triple("疾病", "发病机制", "社会学"),
    Triple("疾病", "病史", "社会学"),
    Triple("疾病", "病理生理", "社会学"),
    Triple("疾病", "高危因素", "社会学"),
    Triple("疾病", "病因", "社会学"),
    Triple("疾病", "多发季节", "流行病学"),
    Triple("疾病", "多发地区", "流行病学"),
    Triple("疾病", "发病性别倾向", "流行病学"),
    Triple("疾病", "死亡率", "流行病学"),
    Triple("疾病", "传播途径", "流行病学"),
    Triple("疾病", "发病率", "流行病学"),
    Triple("疾病", "多发群体", "流行病学"),
    Triple("疾病", "发病年龄", "流行病学"),
    Triple("疾病", "转移部位", "部位"),
    Triple("疾病", "发病部位", "部位"),
    Triple("疾病", "外侵部位", "部位"),
    Triple("疾病", "影像学检查", "检查"),
    Triple("疾病", "组织学检查", "检查"),
    Triple("疾病", "内窥镜检查", "检查"),
    Triple("疾病", "筛查", "检查"),
    Triple("疾病", "实验室检查", "检查"),
    Triple("疾病", "辅助检查", "检查"),
    Triple("疾病", "预防", "其他"),
    Triple("疾病", "就诊科室", "其他"),
    Triple("疾病", "阶段", "其他"),
    Triple("疾病", "临床表现", "症状"),
    Triple("疾病", "侵及周围组织转移的症状", "症状"),
    Triple("疾病", "治疗后症状", "症状"),
    Triple("疾病", "放射治疗", "其他治疗"),
    Triple("疾病", "手术治疗", "手术治疗"),
    Triple("疾病", "辅助治疗", "其他治疗"),
    Triple("疾病", "药物治疗", "药物"),
    Triple("疾病", "化疗", "其他治疗"),
    Triple("疾病", "预后状况", "预后"),
    Triple("疾病", "预后生存率", "预后"),
    Triple("社会学", "同义词（社会学）", "社会学"),
    Triple("手术治疗", "同义词（手术治疗）", "手术治疗"),
    Triple("检查", "同义词（检查）", "检查"),
    Triple("流行病学", "同义词（流行病学）", "流行病学"),
    Triple("其他", "同义词（其他）", "其他"),
    Triple("药物", "同义词（药物）", "药物"),
    Triple("症状", "同义词（症状）", "症状"),
    Triple("部位", "同义词（部位）", "部位"),
    Triple("其他治疗", "同义词（其他治疗）", "其他治疗"),
)


def read(path: Path) -> Iterator[Record | Rejected]:
    """Yield the passages; 同义词 bears the type of its subject."""
    for item in read_triples(path):
        if isinstance(item, Record):
            item = replace(item, relation=tuple(map(_synonym, item.relation)))
        yield item


def _synonym(relation: Relation) -> Relation:
    if relation.relation != "同义词":
        return relation
    return replace(relation, relation=f"同义词（{relation.head_type}）")


source = Source(
    name="CMeIE",
    task="RE",
    language="zh",
    domain="medical (textbooks, clinical practice)",
    licence="Tianchi agreement (CBLUE): research only",
    redistribute="agreement",
    owner="CBLUE, on Alibaba's Tianchi",
    citation="Guan et al., 2020",
    homepage="https://tianchi.aliyun.com/dataset/95414",
    access="Agree to the terms on the homepage, download CMeIE_train.json and CMeIE_dev.json (the first version, not "
    "CMeIE-V2); the test is unlabelled.",
    sizes={"train": 14_339, "test": 3_585},
    files={
        "train": [File(("CMeIE_train.json", "CMeIE_train.jsonl", "train_data.json"))],
        "test": [File(("CMeIE_dev.json", "CMeIE_dev.jsonl", "val_data.json"))],
    },
    read=read,
    labels={triple.predicate: triple.predicate for triple in TRIPLES},
    triples=TRIPLES,
    carve={"validation": 0.1},
    key="CMeIE",
)
