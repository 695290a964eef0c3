"""DuIE2.0: encyclopedia, forum and news sentences, forty-eight typed relations.

Paper: https://doi.org/10.1007/978-3-030-32236-6_72
Format: JSON lines with `spo_list`; an object is a dict of slots. As published, a triple is subject, predicate and
`@value`. The further slots of five predicates, each optional, are not asked for and counted as set aside: `inWork` of
配音 and 饰演, `inArea` of 上映时间 and 票房, `inWork`, `onDate` and `period` of 获奖.
"""

from ..readers.triples import read_triples
from ..source import File, Source
from ..tasks import Triple

# subject type, predicate, object type, in the published order
TRIPLES = (
    Triple("人物", "毕业院校", "学校"),
    Triple("人物", "母亲", "人物"),
    Triple("人物", "祖籍", "地点"),
    Triple("历史人物", "号", "Text"),
    Triple("人物", "父亲", "人物"),
    Triple("人物", "国籍", "国家"),
    Triple("人物", "丈夫", "人物"),
    Triple("娱乐人物", "获奖", "奖项"),
    Triple("历史人物", "朝代", "Text"),
    Triple("人物", "妻子", "人物"),
    Triple("影视作品", "票房", "Number"),
    Triple("娱乐人物", "配音", "人物"),
    Triple("图书作品", "作者", "人物"),
    Triple("文学作品", "主角", "人物"),
    Triple("影视作品", "出品公司", "企业"),
    Triple("影视作品", "主演", "人物"),
    Triple("影视作品", "导演", "人物"),
    Triple("影视作品", "编剧", "人物"),
    Triple("电视综艺", "嘉宾", "人物"),
    Triple("电视综艺", "主持人", "人物"),
    Triple("娱乐人物", "饰演", "人物"),
    Triple("影视作品", "制片人", "人物"),
    Triple("影视作品", "上映时间", "Date"),
    Triple("影视作品", "改编自", "作品"),
    Triple("企业", "创始人", "人物"),
    Triple("学校", "校长", "人物"),
    Triple("企业", "注册资本", "Number"),
    Triple("机构", "简称", "Text"),
    Triple("机构", "成立日期", "Date"),
    Triple("机构", "占地面积", "Number"),
    Triple("企业", "总部地点", "地点"),
    Triple("企业/品牌", "代言人", "人物"),
    Triple("企业", "董事长", "人物"),
    Triple("学科专业", "修业年限", "Number"),
    Triple("学科专业", "专业代码", "Text"),
    Triple("行政区", "邮政编码", "Text"),
    Triple("国家", "官方语言", "语言"),
    Triple("行政区", "面积", "Number"),
    Triple("行政区", "人口数量", "Number"),
    Triple("国家", "首都", "城市"),
    Triple("地点", "海拔", "Number"),
    Triple("行政区", "气候", "气候"),
    Triple("景点", "所在城市", "城市"),
    Triple("歌曲", "作词", "人物"),
    Triple("歌曲", "作曲", "人物"),
    Triple("歌曲", "所属专辑", "音乐专辑"),
    Triple("影视作品", "主题曲", "歌曲"),
    Triple("歌曲", "歌手", "人物"),
)


def _file(name: str, older: str) -> File:
    # The older release has other names, and what is passed around of either is a part, with a suffix.
    spellings = (f"{name}.json", f"{older}.json", f"{name}_*.json", f"{older}_*.json")
    return File(spellings, url=f"https://dataset-bj.cdn.bcebos.com/qianyan/{name}.json.zip")


source = Source(
    name="DuIE2.0",
    task="RE",
    language="zh",
    domain="general (encyclopedia, forums, news)",
    licence="Baidu competition agreement: research only, not to be passed on",
    redistribute="agreement",
    owner="Baidu",
    citation="Li et al., 2019",
    homepage="https://www.luge.ai/#/luge/dataDetail?id=5",
    access="Agree to the terms on the homepage, download duie_train.json and duie_dev.json; the test is unlabelled.",
    sizes={"train": 171_135, "test": 20_652},
    files={
        "train": [_file("duie_train", "train_data")],
        "test": [_file("duie_dev", "dev_data")],
    },
    read=read_triples,
    labels={triple.predicate: triple.predicate for triple in TRIPLES},
    triples=TRIPLES,
    carve={"validation": 0.1},
    folders=("DuIE", "DuIE2"),
    key="DuIE2.0",
)
