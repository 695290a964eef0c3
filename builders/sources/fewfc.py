"""FewFC: events in sentences of Chinese financial news and announcements, from CCKS 2020; never trained on.

Paper: https://doi.org/10.1609/aaai.v35i16.17720
Format: JSON lines, the trigger being one of an event's mentions. Its test files are that of the five base types and
that of the five transferred ones. One word may trigger two events. Role names are those of the task's definition.
"""

from ..readers.event_json import read_event_mentions
from ..source import File, Source

_RAW = "https://raw.githubusercontent.com/TimeBurningFish/FewFC/HEAD/"
# Event type: native role=name, parted by blanks.
_ROLES = {
    "投资": "sub=投资方 obj=被投资方 money=投资金额 date=投资日期",
    "收购": "sub-org=收购公司 sub-per=收购人 obj-org=被收购公司 way=收购方式 date=收购日期 money=收购金额 "
    "number=收购股份数量 proportion=收购股份比例",
    "担保": "sub-org=担保公司 sub-per=担保人 obj-org=被担保公司 way=担保方式 amount=担保金额 date=担保日期",
    "中标": "sub=中标方 obj=招标方 amount=中标金额 date=中标日期",
    "签署合同": "sub-org=发起签署公司 sub-per=发起签署人 obj-org=接受签署公司 obj-per=接受签署人 "
    "amount=成交额 date=签署日期",
    "减持": "sub=减持方 obj=被减持方 title=减持方职务 date=减持日期 share-per=减持占个人股份比例 "
    "share-org=减持占公司股份比例",
    "质押": "sub-org=质押公司 sub-per=质押人 obj-org=质权公司 obj-per=质权人 collateral=质押物 date=质押日期 "
    "money=质押金额 number=质押数量 proportion=质押比例",
    "股份股权转让": "sub-org=转让公司 sub-per=转让人 obj-org=受让公司 obj-per=受让人 collateral=转让物 "
    "target-company=标的公司 date=转让日期 money=转让金额 number=转让数量 proportion=转让比例",
    "判决": "institution=判决机构 sub-org=原告公司 sub-per=原告个人 obj-org=被告公司 obj-per=被告个人 "
    "date=判决日期 money=判决金额",
    "起诉": "sub-org=原告公司 sub-per=原告个人 obj-org=被告公司 obj-per=被告个人 date=起诉日期",
}
_NAMES = {event_type: dict(role.split("=") for role in roles.split()) for event_type, roles in _ROLES.items()}

source = Source(
    name="FewFC",
    task="EE",
    language="zh",
    domain="finance",
    licence="CC BY-SA 4.0",
    redistribute="share-alike",
    citation="Zhou et al., 2021",
    homepage="https://github.com/TimeBurningFish/FewFC",
    access="Clone https://github.com/TimeBurningFish/FewFC; the files are rearranged/test_base.json, which is "
    "original/dev_base.json too, and rearranged/test_trans.json.",
    sizes={"zero_shot": 5_430},
    files={
        "zero_shot": [
            File(
                ("rearranged/test_base.json", "original/dev_base.json", "test_base.json", "dev_base.json"),
                url=_RAW + "original/dev_base.json",
                size=1481389,
                sha256="84ebbeb01e39c6c3961acf346ce3ae0a9c0d284c1f7d68520452595780f24c22",
            ),
            File(
                ("rearranged/test_trans.json", "original/test_trans.json", "test_trans.json"),
                url=_RAW + "rearranged/test_trans.json",
            ),
        ]
    },
    read=read_event_mentions,
    labels={event_type: event_type for event_type in _ROLES},
    roles={event_type: tuple(names.values()) for event_type, names in _NAMES.items()},
    role_names={f"{event_type}.{role}": name for event_type, names in _NAMES.items() for role, name in names.items()},
    key="fewfc",
)
